#include "app/tail_client_response.hpp"

#include <strings.h>

namespace logwisp {

ResponseParser::ResponseParser(Handlers handlers) : handlers_(std::move(handlers)) {
    llhttp_settings_init(&settings_);
    settings_.on_message_begin = [](llhttp_t* parser) {
        self(parser).reason_.clear();  // a 1xx came before
        return 0;
    };
    settings_.on_status = [](llhttp_t* parser, const char* at, std::size_t length) {
        self(parser).reason_.append(at, length);
        return 0;
    };
    settings_.on_header_field = [](llhttp_t* parser, const char* at, std::size_t length) {
        self(parser).header_name_.append(at, length);
        return 0;
    };
    settings_.on_header_value = [](llhttp_t* parser, const char* at, std::size_t length) {
        self(parser).header_value_.append(at, length);
        return 0;
    };
    settings_.on_header_value_complete = [](llhttp_t* parser) {
        self(parser).on_header_complete();
        return 0;
    };
    settings_.on_headers_complete = [](llhttp_t* parser) {
        if (parser->status_code < 200) return 0;
        self(parser).head_complete_ = true;
        self(parser).handlers_.on_head(self(parser));
        return 0;
    };
    settings_.on_body = [](llhttp_t* parser, const char* at, std::size_t length) {
        self(parser).handlers_.on_body({at, length});
        return 0;
    };
    settings_.on_message_complete = [](llhttp_t* parser) -> int {
        if (!self(parser).head_complete_) return 0;
        self(parser).complete_ = true;
        return HPE_PAUSED;  // what follows answers nothing we asked
    };
    llhttp_init(&parser_, HTTP_RESPONSE, &settings_);
    parser_.data = this;
}

void ResponseParser::on_header_complete() {
    if (strcasecmp(header_name_.c_str(), "content-type") == 0) content_type_ = header_value_;
    if (strcasecmp(header_name_.c_str(), "location") == 0) location_ = header_value_;
    header_name_.clear();
    header_value_.clear();
}

bool ResponseParser::feed(std::string_view bytes) {
    if (complete_) return true;
    if (!head_complete_) {
        if (head_bytes_ > head_bytes_max) {
            error_ = "the head of the answer does not end";
            return false;
        }
        head_bytes_ += bytes.size();
    }
    const llhttp_errno_t outcome = llhttp_execute(&parser_, bytes.data(), bytes.size());
    if (outcome == HPE_OK || complete_) return true;
    error_ = "not an HTTP answer: ";
    error_ += llhttp_get_error_reason(&parser_);
    return false;
}

}  // namespace logwisp
