# SPDX-License-Identifier: Apache-2.0
# C simulation with the vendor's tool, then synthesis of moe_top. project.tcl, generated, sets the variables.
#   vitis_hls -f synthesis.tcl    or    vitis-run --mode hls --tcl synthesis.tcl
source project.tcl

open_project -reset $project
set_top moe_top
foreach file $sources { add_files $file -cflags $cflags }
foreach file $bench { add_files -tb $file -cflags $cflags }
add_files -tb $vectors
open_solution -reset solution -flow_target vivado
set_part $part
create_clock -period $clock_ns -name default
csim_design
csynth_design
exit
