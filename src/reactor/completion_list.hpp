// An intrusive doubly linked list of Completions, first in first out. A Completion is on at most
// one list; which one is its backend's business (Completion::backend_word).
#pragma once

#include <utility>

#include "base/check.hpp"
#include "reactor/completion.hpp"

namespace logwisp {

class CompletionList {
  public:
    CompletionList() = default;
    CompletionList(const CompletionList&) = delete;
    CompletionList& operator=(const CompletionList&) = delete;
    CompletionList(CompletionList&& other) noexcept
        : first_(std::exchange(other.first_, nullptr)),
          last_(std::exchange(other.last_, nullptr)) {}

    [[nodiscard]] bool empty() const { return first_ == nullptr; }
    [[nodiscard]] Completion* front() const { return first_; }

    void push_back(Completion& completion) {
        DCHECK(completion.next == nullptr && completion.previous == nullptr);
        completion.previous = last_;
        (last_ == nullptr ? first_ : last_->next) = &completion;
        last_ = &completion;
    }

    Completion* pop_front() {
        Completion* completion = first_;
        if (completion != nullptr) unlink(*completion);
        return completion;
    }

    void unlink(Completion& completion) {
        DCHECK(completion.previous != nullptr || first_ == &completion);
        (completion.previous == nullptr ? first_ : completion.previous->next) = completion.next;
        (completion.next == nullptr ? last_ : completion.next->previous) = completion.previous;
        completion.next = nullptr;
        completion.previous = nullptr;
    }

    // All of `other` behind what is here.
    void append(CompletionList& other) {
        if (other.empty()) return;
        other.first_->previous = last_;
        (last_ == nullptr ? first_ : last_->next) = other.first_;
        last_ = other.last_;
        other.first_ = nullptr;
        other.last_ = nullptr;
    }

    void swap(CompletionList& other) {
        std::swap(first_, other.first_);
        std::swap(last_, other.last_);
    }

  private:
    Completion* first_ = nullptr;
    Completion* last_ = nullptr;
};

}  // namespace logwisp
