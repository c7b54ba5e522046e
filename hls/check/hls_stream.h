// SPDX-License-Identifier: Apache-2.0
/// hls::stream for the synthesizability check only: a fixed buffer, so that dynamic memory in an object file can only
/// come from our sources. It is never run; for C simulation and synthesis use the vendor's header.
#pragma once

namespace hls {

template <class T>
class stream {
 public:
  stream() : first_(0), count_(0) {}
  explicit stream(const char*) : first_(0), count_(0) {}
  T read() {
    const T value = data_[first_];
    first_ = (first_ + 1) % kDepth;
    count_--;
    return value;
  }
  void write(const T& value) {
    data_[(first_ + count_) % kDepth] = value;
    count_++;
  }
  bool empty() const { return count_ == 0; }

 private:
  static const unsigned kDepth = 4;
  T data_[kDepth];
  unsigned first_;
  unsigned count_;
};

}  // namespace hls
