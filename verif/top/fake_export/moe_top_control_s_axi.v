// SPDX-License-Identifier: Apache-2.0
// Stand-in for the AXI4-Lite slave that Vitis HLS exports, for the tests of verif.top.exported: same names, same layout.
`timescale 1ns/1ps
module moe_top_control_s_axi
#(parameter
    C_S_AXI_ADDR_WIDTH = 7
)(
    input  wire                          ACLK,
    input  wire                          ARESET,
    input  wire [C_S_AXI_ADDR_WIDTH-1:0] AWADDR,
    input  wire                          AWVALID,
    output wire                          AWREADY,
    input  wire [31:0]                   WDATA,
    input  wire                          WVALID,
    output wire                          WREADY,
    output reg                           BVALID,
    input  wire                          BREADY,
    input  wire [C_S_AXI_ADDR_WIDTH-1:0] ARADDR,
    input  wire                          ARVALID,
    output wire                          ARREADY,
    output reg  [31:0]                   RDATA,
    output reg                           RVALID,
    input  wire                          RREADY,
    output reg  [2:0]                    mode_r,
    output reg  [3:0]                    bank,
    output reg  [15:0]                   bank_valid,
    output reg  [2:0]                    local_expert,
    output reg  [31:0]                   theta,
    output reg                           ge_enable,
    output reg  [7:0]                    le_enable,
    output reg  [31:0]                   write_count,
    output reg                           ap_start,
    input  wire                          ap_done
);
localparam
    ADDR_AP_CTRL             = 7'h00,
    ADDR_MODE_R_DATA_0       = 7'h10,
    ADDR_BANK_DATA_0         = 7'h18,
    ADDR_BANK_VALID_DATA_0   = 7'h20,
    ADDR_LOCAL_EXPERT_DATA_0 = 7'h28,
    ADDR_THETA_DATA_0        = 7'h30,
    ADDR_GE_ENABLE_DATA_0    = 7'h38,
    ADDR_LE_ENABLE_DATA_0    = 7'h40,
    ADDR_WRITE_COUNT_DATA_0  = 7'h48;

reg [C_S_AXI_ADDR_WIDTH-1:0] waddr;
reg have_address, done;

// Address first, data afterwards, as the real one does.
assign AWREADY = !have_address && !BVALID;
assign WREADY  = have_address;
assign ARREADY = !RVALID;

always @(posedge ACLK) begin
    if (ARESET) begin
        have_address <= 0; BVALID <= 0; RVALID <= 0; ap_start <= 0; done <= 0;
        mode_r <= 0; bank <= 0; bank_valid <= 0; local_expert <= 0; theta <= 0; write_count <= 0;
        ge_enable <= 0; le_enable <= 0;
    end else begin
        ap_start <= 0;
        if (ap_done) done <= 1;
        if (AWVALID && AWREADY) begin
            waddr <= AWADDR;
            have_address <= 1;
        end
        if (WVALID && WREADY) begin
            have_address <= 0;
            BVALID <= 1;
            case (waddr)
                ADDR_AP_CTRL:             ap_start     <= WDATA[0];
                ADDR_MODE_R_DATA_0:       mode_r       <= WDATA[2:0];
                ADDR_BANK_DATA_0:         bank         <= WDATA[3:0];
                ADDR_BANK_VALID_DATA_0:   bank_valid   <= WDATA[15:0];
                ADDR_LOCAL_EXPERT_DATA_0: local_expert <= WDATA[2:0];
                ADDR_THETA_DATA_0:        theta        <= WDATA;
                ADDR_GE_ENABLE_DATA_0:    ge_enable    <= WDATA[0];
                ADDR_LE_ENABLE_DATA_0:    le_enable    <= WDATA[7:0];
                ADDR_WRITE_COUNT_DATA_0:  write_count  <= WDATA;
                default: ;
            endcase
        end
        if (BVALID && BREADY) BVALID <= 0;
        if (ARVALID && ARREADY) begin
            RVALID <= 1;
            RDATA  <= (ARADDR == ADDR_AP_CTRL) ? {30'd0, done, 1'b0} : 32'd0;
            if (ARADDR == ADDR_AP_CTRL) done <= ap_done;  // cleared by reading
        end
        if (RVALID && RREADY) RVALID <= 0;
    end
end
endmodule
