// What every page does before Streamlit's own scripts run.
{
  // Streamlit asks for its font of icons, 375 kB, on every page. Ours are drawn by style; others bring it when drawn.
  const load = FontFaceSet.prototype.load;
  FontFaceSet.prototype.load = function (font, text) {
    return font.includes("Material Symbols") ? Promise.resolve([]) : load.call(this, font, text);
  };

  // Streamlit makes an entry of the browser's history at every choice. All steps of a slider, one after the other, are
  // one choice: Back goes to where it stood before.
  const sliders = new Set(SLIDERS);
  const push = history.pushState;
  let moved = "";
  history.pushState = function (state, title, url) {
    const next = new URL(url, location);
    const before = new URLSearchParams(location.search);
    const keys = new Set([...before.keys(), ...next.searchParams.keys()]);
    const changed = [...keys].filter((key) => before.get(key) !== next.searchParams.get(key));
    const only = next.pathname === location.pathname && changed.length === 1 && sliders.has(changed[0]);
    const again = only && moved === changed[0];
    moved = only ? changed[0] : "";
    return (again ? history.replaceState : push).call(this, state, title, url);
  };
  addEventListener("popstate", () => {
    moved = "";
  });
}
