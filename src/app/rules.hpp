// What a text must be to be a name, an address, a path, a pattern. Pure predicates; the words for
// people stand in the option table.
#pragma once

#include <string_view>

namespace logwisp {

bool is_stream_name(std::string_view text);
bool is_host(std::string_view text);
bool is_url_path(std::string_view text);
bool is_origin(std::string_view text);
bool is_file_path(std::string_view text);
bool is_directory_path(std::string_view text);
bool is_absolute_path(std::string_view text);
bool is_name_pattern(std::string_view text);
bool is_exclude_pattern(std::string_view text);

}  // namespace logwisp
