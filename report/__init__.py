# SPDX-License-Identifier: Apache-2.0
"""The report (``make report``): what was measured, on one self-contained HTML page."""
