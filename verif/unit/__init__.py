# SPDX-License-Identifier: Apache-2.0
"""cocotb tests of the modules in ``hw/rtl``: ``test_<module>.py`` runs, ``bench_<module>.py`` checks."""
