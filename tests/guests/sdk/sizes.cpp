// SPDX-License-Identifier: Apache-2.0
//
// Sizes, offsets and numbers on which the headers of a guest and libstdc++.a must agree: as the sizes
// of variables, so that nm shows them, compiled for a guest and for the host.
#include <cerrno>
#include <climits>
#include <clocale>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <cwchar>
#include <cwctype>
#include <dirent.h>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <langinfo.h>
#include <locale>
#include <memory_resource>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <regex>
#include <shared_mutex>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <thread>
#include <unistd.h>

#define IS(name, number) extern char name[(number) + 1]; char name[(number) + 1] = {1};
#define SIZE(name, ...) IS(size_of_##name, sizeof(__VA_ARGS__))
#define OFFSET(type, member) IS(offset_of_##type##_##member, offsetof(struct type, member))
#define NUMBER(name) IS(number_##name, name)

extern "C" {
SIZE(mutex, std::mutex)
SIZE(recursive_mutex, std::recursive_mutex)
SIZE(timed_mutex, std::timed_mutex)
SIZE(shared_mutex, std::shared_mutex)
SIZE(condition_variable, std::condition_variable)
SIZE(condition_variable_any, std::condition_variable_any)
SIZE(once_flag, std::once_flag)
SIZE(thread, std::thread)
SIZE(promise, std::promise<int>)
SIZE(pool, std::pmr::synchronized_pool_resource)
SIZE(ofstream, std::ofstream)
SIZE(ifstream, std::ifstream)
SIZE(wfstream, std::wfstream)
SIZE(filebuf, std::filebuf)
SIZE(stringstream, std::stringstream)
SIZE(ctype, std::ctype<char>)
SIZE(wide_ctype, std::ctype<wchar_t>)
SIZE(codecvt, std::codecvt<wchar_t, char, std::mbstate_t>)
SIZE(messages, std::messages<char>)
SIZE(collate, std::collate<char>)
SIZE(position, std::streampos)
SIZE(regex, std::regex)
SIZE(directory_entry, std::filesystem::directory_entry)

SIZE(mbstate_t, std::mbstate_t)
SIZE(wint_t, std::wint_t)
SIZE(wctype_t, std::wctype_t)
SIZE(wctrans_t, std::wctrans_t)
SIZE(pthread_cond_t, pthread_cond_t)
SIZE(pthread_rwlock_t, pthread_rwlock_t)
SIZE(pthread_once_t, pthread_once_t)
SIZE(pthread_key_t, pthread_key_t)
SIZE(pthread_t, pthread_t)
SIZE(time_t, std::time_t)
SIZE(off_t, off_t)
SIZE(nl_item, nl_item)
SIZE(tm, struct tm)
OFFSET(tm, tm_year)
OFFSET(tm, tm_gmtoff)
OFFSET(tm, tm_zone)
SIZE(timespec, struct timespec)
SIZE(timeval, struct timeval)
SIZE(stat, struct stat)
OFFSET(stat, st_dev)
OFFSET(stat, st_ino)
OFFSET(stat, st_nlink)
OFFSET(stat, st_mode)
OFFSET(stat, st_size)
OFFSET(stat, st_mtim)
OFFSET(dirent, d_type)
OFFSET(dirent, d_name)
OFFSET(statvfs, f_frsize)
OFFSET(statvfs, f_blocks)
OFFSET(statvfs, f_bfree)
OFFSET(statvfs, f_bavail)
OFFSET(iovec, iov_len)
OFFSET(pollfd, revents)

NUMBER(LC_CTYPE)
NUMBER(LC_MONETARY)
NUMBER(LC_ALL)
NUMBER(CODESET)
NUMBER(D_FMT)
NUMBER(YESEXPR)
NUMBER(EAGAIN)
NUMBER(EEXIST)
NUMBER(EILSEQ)
NUMBER(ENOTSUP)
NUMBER(ETIMEDOUT)
NUMBER(O_CREAT)
NUMBER(O_EXCL)
NUMBER(O_TRUNC)
NUMBER(O_APPEND)
NUMBER(O_DIRECTORY)
NUMBER(O_NOFOLLOW)
NUMBER(O_CLOEXEC)
NUMBER(AT_REMOVEDIR)
NUMBER(AT_SYMLINK_NOFOLLOW)
NUMBER(CLOCK_REALTIME)
NUMBER(CLOCK_MONOTONIC)
NUMBER(SEEK_END)
NUMBER(FIONREAD)
NUMBER(POLLIN)
NUMBER(_IOFBF)
NUMBER(_IONBF)
NUMBER(_SC_NPROCESSORS_ONLN)
NUMBER(DT_DIR)
NUMBER(PATH_MAX)
}
