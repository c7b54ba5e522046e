// SPDX-License-Identifier: Apache-2.0
// Stand-in for the Verilog that Vitis HLS exports, for the tests of verif.top.exported: the ports and the transactions of the
// kernel, with its computation done by the C simulation of the same sources (kernel_bridge.cpp).
`timescale 1ns/1ps
module moe_top (
    input  wire        ap_clk,
    input  wire        ap_rst_n,
    output wire        interrupt,
    input  wire        pixels_TVALID,
    output wire        pixels_TREADY,
    input  wire [7:0]  pixels_TDATA,
    input  wire [0:0]  pixels_TKEEP,
    input  wire [0:0]  pixels_TSTRB,
    input  wire [0:0]  pixels_TLAST,
    input  wire        writes_TVALID,
    output wire        writes_TREADY,
    input  wire [63:0] writes_TDATA,
    input  wire [7:0]  writes_TKEEP,
    input  wire [7:0]  writes_TSTRB,
    input  wire [0:0]  writes_TLAST,
    output wire        results_TVALID,
    input  wire        results_TREADY,
    output reg  [31:0] results_TDATA,
    output wire [3:0]  results_TKEEP,
    output wire [3:0]  results_TSTRB,
    output wire [0:0]  results_TLAST,
    output wire        domains_TVALID,
    input  wire        domains_TREADY,
    output wire [7:0]  domains_TDATA,
    input  wire        s_axi_control_AWVALID,
    output wire        s_axi_control_AWREADY,
    input  wire [6:0]  s_axi_control_AWADDR,
    input  wire        s_axi_control_WVALID,
    output wire        s_axi_control_WREADY,
    input  wire [31:0] s_axi_control_WDATA,
    input  wire [3:0]  s_axi_control_WSTRB,
    output wire        s_axi_control_BVALID,
    input  wire        s_axi_control_BREADY,
    output wire [1:0]  s_axi_control_BRESP,
    input  wire        s_axi_control_ARVALID,
    output wire        s_axi_control_ARREADY,
    input  wire [6:0]  s_axi_control_ARADDR,
    output wire        s_axi_control_RVALID,
    input  wire        s_axi_control_RREADY,
    output wire [31:0] s_axi_control_RDATA,
    output wire [1:0]  s_axi_control_RRESP
);
import "DPI-C" function void kernel_write(input longint unsigned word);
import "DPI-C" function void kernel_pixel(input byte unsigned value);
import "DPI-C" function int unsigned kernel_answer(
    input int unsigned mode, input int unsigned bank, input int unsigned bank_valid, input int unsigned local_expert,
    input int theta, input int unsigned ge_enable, input int unsigned le_enable);

localparam IMAGE_PIXELS = 196;  // 14x14, of spec.tiny_variants
localparam IDLE = 0, WRITES = 1, PIXELS = 2, RESULT = 3;
wire [2:0] mode_r, local_expert;
wire [3:0] bank;
wire [15:0] bank_valid;
wire [31:0] theta, write_count;
wire ap_start, ge_enable;
wire [7:0] le_enable;
reg [1:0] state;
reg [31:0] count;
reg ap_done;

assign interrupt       = 0;
assign writes_TREADY   = state == WRITES;
assign pixels_TREADY   = state == PIXELS;
assign results_TVALID  = state == RESULT;
assign results_TKEEP   = 4'hf;
assign results_TSTRB   = 4'hf;
assign results_TLAST   = 1;
assign domains_TVALID  = 0;
assign domains_TDATA   = 0;
assign s_axi_control_BRESP = 0;
assign s_axi_control_RRESP = 0;

moe_top_control_s_axi control_s_axi_U (
    .ACLK(ap_clk), .ARESET(!ap_rst_n),
    .AWADDR(s_axi_control_AWADDR), .AWVALID(s_axi_control_AWVALID), .AWREADY(s_axi_control_AWREADY),
    .WDATA(s_axi_control_WDATA), .WVALID(s_axi_control_WVALID), .WREADY(s_axi_control_WREADY),
    .BVALID(s_axi_control_BVALID), .BREADY(s_axi_control_BREADY),
    .ARADDR(s_axi_control_ARADDR), .ARVALID(s_axi_control_ARVALID), .ARREADY(s_axi_control_ARREADY),
    .RDATA(s_axi_control_RDATA), .RVALID(s_axi_control_RVALID), .RREADY(s_axi_control_RREADY),
    .mode_r(mode_r), .bank(bank), .bank_valid(bank_valid), .local_expert(local_expert), .theta(theta),
    .ge_enable(ge_enable), .le_enable(le_enable), .write_count(write_count), .ap_start(ap_start), .ap_done(ap_done)
);

wire is_image = mode_r >= 1 && mode_r <= 4;

always @(posedge ap_clk) begin
    ap_done <= 0;
    if (!ap_rst_n) begin
        state <= IDLE;
    end else case (state)
        IDLE: if (ap_start) begin
            count <= 0;
            if (write_count != 0) state <= WRITES;
            else if (is_image) state <= PIXELS;
            else ap_done <= 1;
        end
        WRITES: if (writes_TVALID) begin
            kernel_write(writes_TDATA);
            count <= count + 1;
            if (count + 1 == write_count) begin
                count <= 0;
                state <= is_image ? PIXELS : IDLE;
                ap_done <= !is_image;
            end
        end
        PIXELS: if (pixels_TVALID) begin
            kernel_pixel(pixels_TDATA);
            count <= count + 1;
            if (pixels_TLAST[0] || count + 1 == 2 * IMAGE_PIXELS) begin
                results_TDATA <= kernel_answer(32'(mode_r), 32'(bank), 32'(bank_valid), 32'(local_expert), theta,
                                               32'(ge_enable), 32'(le_enable));
                state <= RESULT;
            end
        end
        RESULT: if (results_TREADY) begin
            state <= IDLE;
            ap_done <= 1;
        end
    endcase
end
endmodule
