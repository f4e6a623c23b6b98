"""What several pages share: controls and the state behind them."""
