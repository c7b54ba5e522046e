# SPDX-License-Identifier: Apache-2.0
"""Random single changes of the RTL against each module's own bench: how much would the tests not see?"""
