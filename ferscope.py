"""The library under the name of its distribution: ``import ferscope`` gives ``fer_models`` itself."""

import sys

import fer_models

sys.modules[__name__] = fer_models
