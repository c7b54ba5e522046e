# SPDX-License-Identifier: Apache-2.0
# The synthesised Verilog as a Vivado IP, and as plain files under $project/solution/syn/verilog. Run synthesis.tcl first.
source project.tcl

open_project $project
open_solution solution
export_design -format ip_catalog -rtl verilog
exit
