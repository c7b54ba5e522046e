# SPDX-License-Identifier: Apache-2.0
"""Every command of the project, one file each; ``_bootstrap`` runs them, ``_arguments`` has the options they share."""
