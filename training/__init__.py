# SPDX-License-Identifier: Apache-2.0
"""The paper's three training steps (section 4.3): global expert, local experts, gate."""

from training.gate import train_gate
from training.global_expert import train_global_expert
from training.local_expert import train_generic_head, train_local_expert

__all__ = ["train_gate", "train_generic_head", "train_global_expert", "train_local_expert"]
