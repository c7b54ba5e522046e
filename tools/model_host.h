// SPDX-License-Identifier: Apache-2.0
// What every Verilated library of the project has in common: failures as messages, and models whose memory files lie in
// a directory. A harness includes this once.
#pragma once
#include <unistd.h>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "verilated.h"

// A failing assertion in the RTL ends the run with a message instead of ending the process.
namespace {
thread_local std::string g_failure;
[[noreturn]] void fail(const std::string& text) { throw std::runtime_error(text); }
}  // namespace

void vl_stop(const char* file, int line, const char*) {
  fail("an assertion of the RTL failed at " + std::string(file) + ":" + std::to_string(line));
}
void vl_finish(const char* file, int line, const char* hier) { vl_stop(file, line, hier); }
void vl_fatal(const char* file, int line, const char*, const char* message) {
  fail("the RTL model stopped: " + std::string(message) + " (" + file + ":" + std::to_string(line) + ")");
}

namespace {
// Evaluates a model for the first time: then it reads its memory files, relative to the working directory.
template <class Model>
void first_evaluation(Model& model, const char* memory_directory) {
  static std::mutex directory_mutex;
  const std::lock_guard<std::mutex> lock(directory_mutex);
  char before[4096];
  if (!getcwd(before, sizeof before) || chdir(memory_directory)) fail("cannot enter the memory directory");
  try {
    model.eval();
  } catch (...) {
    (void)!chdir(before);
    throw;
  }
  if (chdir(before)) fail("cannot leave the memory directory");
}

// Runs the body of a C function: 0, or 1 with the reason in g_failure.
template <class Body>
int guarded(Body&& body) {
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    g_failure = error.what();
    return 1;
  }
}
}  // namespace
