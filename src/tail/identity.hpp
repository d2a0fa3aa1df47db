// Which file a descriptor or a path names, as the kernel tells it. Any thread; no state.
//
// The file handle holds inode and generation, so that a file created with the inode number of a
// deleted one is still another file. Overlay file systems refuse the plain call; AT_HANDLE_FID
// (kernel 6.5) is for them. Where neither works the birth time stands in.
#pragma once

#include <string>

#include "base/result.hpp"
#include "tail/file_system.hpp"

namespace logwisp {

FileKind kind_of_mode(unsigned mode);
Result<FileStatus> real_status(int file);
Result<FileStatus> real_status_without_identity(int file);
Result<FileStatus> real_status(const std::string& path);
Result<FileStatus> real_link_status(const std::string& path);

// Of the text that is packed in a file: never that of a file.
FileIdentity packed_identity(const FileIdentity& file);

}  // namespace logwisp
