// What a shell sees: every answer that ends by itself, with its exit code, from the real binary.
#include <gtest/gtest.h>

#include <algorithm>

#include "app/start.hpp"
#include "configuration.hpp"
#include "logwisp/version.hpp"

namespace logwisp::test {
namespace {

struct Case {
    std::string arguments;
    int exit_code;
    std::string errors;  // complete, without "Try ..." for usage errors
    std::string variables = "";
};

constexpr const char* port_rule = "must be a whole number from 1 to 65535, not ";

TEST(CommandLine, UsageErrorsSayWhatToDoAndExitWith2) {
    const std::vector<Case> cases{
        {"--http-prot 1", 2,
         "logwisp: unknown option \"--http-prot\"; did you mean \"--http-port\"?\n"},
        {"--http-prot=1", 2,
         "logwisp: unknown option \"--http-prot=1\"; did you mean \"--http-port\"?\n"},
        {"-c x.toml check", 2,
         "logwisp: check is a command and comes first: logwisp check ...; a file of that name is "
         "./check\n"},
        {"-c x.toml explain app.log", 2,
         "logwisp: explain is a command and comes first: logwisp explain ...; a file of that name "
         "is ./explain\n"},
        {"--zzz", 2, "logwisp: unknown option \"--zzz\"\n"},
        {"-x", 2, "logwisp: unknown option \"-x\"\n"},
        {"--json", 2, "logwisp: unknown option \"--json\"\n"},
        {"--config", 2, "logwisp: --config needs a value\n"},
        {"-c ''", 2, "logwisp: --config needs the name of a file\n"},
        {"--http-port", 2, "logwisp: --http-port needs a value\n"},
        {"--http-port=", 2, "logwisp: --http-port needs a value\n"},
        {"--http-port 0", 2, std::string("logwisp: --http-port: ") + port_rule + "\"0\"\n"},
        {"--http-port -1", 2, std::string("logwisp: --http-port: ") + port_rule + "\"-1\"\n"},
        {"--tcp-port 65536", 2, std::string("logwisp: --tcp-port: ") + port_rule + "\"65536\"\n"},
        {"--tcp-port 9090x", 2, std::string("logwisp: --tcp-port: ") + port_rule + "\"9090x\"\n"},
        {"--tcp-port 0x50", 2, std::string("logwisp: --tcp-port: ") + port_rule + "\"0x50\"\n"},
        {"--check-interval 5", 2,
         "logwisp: --check-interval: must be a whole number from 10 to 60000, not \"5\"\n"},
        {"--tcp-buffer-size 1", 2,
         "logwisp: --tcp-buffer-size: must be a whole number from 16 to 1000000, not \"1\"\n"},
        {"--http-buffer-size 1e3", 2,
         "logwisp: --http-buffer-size: must be a whole number from 16 to 1000000, not \"1e3\"\n"},
        {"--cores many", 2,
         "logwisp: --cores: must be a whole number from 0 to 256, not \"many\"\n"},
        {"--backend kqueue", 2,
         "logwisp: --backend: must be \"auto\", \"io_uring\" or \"epoll\", not \"kqueue\"\n"},
        {"--backend uring", 2,
         "logwisp: --backend: must be \"auto\", \"io_uring\" or \"epoll\", not \"uring\"\n"},
        {"--log-level warning", 2,
         "logwisp: --log-level: must be \"debug\", \"info\", \"warn\" or \"error\", not "
         "\"warning\"; did you mean "
         "\"warn\"?\n"},
        {"--log-format xml", 2,
         "logwisp: --log-format: must be \"text\" or \"json\", not \"xml\"\n"},
        {"--host logs.example", 2,
         "logwisp: --host: must be an IPv4 or IPv6 address, \"localhost\", or \"*\" for all "
         "addresses, not "
         "\"logs.example\"\n"},
        {"--enable-http=maybe", 2,
         "logwisp: --enable-http: must be true or false, not \"maybe\"\n"},
        {"--state=nowhere", 2, "logwisp: --state: must be true or false, not \"nowhere\"\n"},
        {"--state-directory ''", 2,
         "logwisp: --state-directory: must be the path of a directory, in which \"~\" is not "
         "expanded, not \"\"\n"},
        {"--state-dir x", 2,
         "logwisp: unknown option \"--state-dir\"; did you mean \"--state-directory\"?\n"},
        {"--router=2", 2, "logwisp: --router: must be true or false, not \"2\"\n"},
        {"''", 2, "logwisp: target \"\" has no usable path\n"},
        {":*.log", 2, "logwisp: target \":*.log\" has no usable path\n"},
        {"a:b/c", 2,
         "logwisp: the pattern of target \"a:b/c\" must be a file name pattern without \"/\", "
         "every \"[\" with its "
         "\"]\"\n"},
        {"a:b:c", 2,
         "logwisp: the third part of target \"a:b:c\" must be true or false; write \"\\:\" for a "
         "colon in a name\n"},
        {"a:b:true:d", 2,
         "logwisp: too many colons in target \"a:b:true:d\": it is path[:pattern[:isfile]]; write "
         "\"\\:\" for a colon "
         "in a name\n"},
        {"/proc/kmsg", 2,
         "logwisp: \"/proc/kmsg\" holds no log files: /proc, /sys and /dev are not followed\n"},
        {"--cores x --tcp-port y", 2,
         std::string("logwisp: --tcp-port: ") + port_rule +
             "\"y\"\nlogwisp: --cores: must be a whole number from 0 to 256, not \"x\"\n"},
    };
    for (const Case& one : cases) {
        for (std::string command : {"", "check "}) {
            if (one.arguments == "--json" && command == "check ") continue;
            Ran ran = run_binary(command + one.arguments);
            std::string called = command.empty() ? "logwisp" : "logwisp check";
            EXPECT_EQ(ran.exit_code, one.exit_code) << one.arguments;
            EXPECT_EQ(ran.errors, one.errors + "Try '" + called + " --help'.\n") << one.arguments;
            EXPECT_EQ(ran.output, "") << one.arguments;
        }
    }
}

TEST(CommandLine, ConfigurationErrorsExitWith78) {
    TemporaryFile bad("[router]\nport = 0\n");
    std::string fault =
        bad.path() + ":2:8: port in [router] must be a whole number from 1 to 65535, not 0\n";
    const std::vector<Case> cases{
        {"-c " + bad.path(), 78, fault},
        {"--config " + bad.path(), 78, fault},
        {"--config=" + bad.path(), 78, fault},
        {"", 78, fault, "LOGWISP_CONFIG_FILE=" + bad.path()},
        {"some/target", 78, fault, "LOGWISP_CONFIG_FILE=" + bad.path()},
        {"-c /nonexistent/x.toml", 78, "/nonexistent/x.toml: no such file (named by --config)\n"},
        {"-c /etc/passwd/x.toml", 78, "/etc/passwd/x.toml: no such file (named by --config)\n"},
        {"", 78, "/nonexistent/x.toml: no such file (named by LOGWISP_CONFIG_FILE)\n",
         "LOGWISP_CONFIG_FILE=/nonexistent/x.toml"},
        {"-c /nonexistent/x.toml", 78, "/nonexistent/x.toml: no such file (named by --config)\n",
         "LOGWISP_CONFIG_FILE=" + bad.path()},
        {"-c /tmp", 78, "/tmp: cannot be read: Is a directory\n"},
        {"", 78, std::string("logwisp: LOGWISP_HTTPSERVER_PORT: ") + port_rule + "\"http\"\n",
         "LOGWISP_HTTPSERVER_PORT=http"},
        {"", 78,
         "logwisp: LOGWISP_STATE_SYNC: must be \"none\", \"interval\" or \"batch\", not "
         "\"always\"\n",
         "LOGWISP_STATE_SYNC=always"},
        {"--enable-http=false", 78,
         "logwisp: --enable-http: stream \"default\" serves nobody; set enabled = true in its "
         "httpserver or "
         "tcpserver\n"},
        {"--enable-tcp --tcp-port 8080", 78,
         "logwisp: --tcp-port: TCP of stream \"default\" would listen on 127.0.0.1:8080, where "
         "HTTP of stream "
         "\"default\" listens (default); choose another port\n"},
        {"--router --enable-http=false --enable-tcp", 78,
         "logwisp: --router: the router serves HTTP streams, and there is none\n"},
    };
    for (const Case& one : cases) {
        for (const char* command : {"", "check "}) {
            Ran ran = run_binary(command + one.arguments, one.variables);
            EXPECT_EQ(ran.exit_code, one.exit_code) << one.arguments << one.variables;
            EXPECT_EQ(ran.errors, one.errors) << one.arguments << one.variables;
            EXPECT_EQ(ran.output, "") << one.arguments;
        }
    }
}

TEST(CommandLine, TailIsACommandOfItsOwn) {
    Ran ran = run_binary("tail");
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_EQ(ran.errors.rfind("logwisp tail: ", 0), 0U) << ran.errors;
}

TEST(CommandLine, HelpAndVersionWinOverEverythingElse) {
    for (const char* arguments :
         {"-h", "--help", "--router -h a b", "--help -c /nonexistent", "-V -h"}) {
        Ran ran = run_binary(arguments);
        EXPECT_EQ(ran.exit_code, 0) << arguments;
        EXPECT_EQ(ran.output, help_text(Command::run)) << arguments;
        EXPECT_EQ(ran.errors, "");
    }
    for (const char* arguments : {"-V", "--version", "check --version"})
        EXPECT_EQ(run_binary(arguments).output, "logwisp " + std::string(version) + "\n");
    EXPECT_EQ(run_binary("check --help").output, help_text(Command::check));
    EXPECT_NE(help_text(Command::run).find("  --router[=BOOL]  "), std::string::npos);
}

// Runs of blanks become one.
std::string squeezed(const std::string& text) {
    std::string out;
    for (char c : text)
        if (c != ' ' || !out.ends_with(' ')) out += c;
    return out;
}

// What `check` shows is what would run: it is asked here for command lines that are good.
TEST(CommandLine, GoodOnesAreUnderstood) {
    struct Good {
        std::string arguments;
        std::vector<std::string> shown;
    };
    const std::vector<Good> cases{
        {"", {"path = \"./\", pattern = \"*.log\"", "port = 8080"}},
        {"--enable-tcp --tcp-port 9090", {"port = 9090 # --tcp-port"}},
        {"'/var/log:*.log' '/app/logs:error*.log'",
         {"{ path = \"/var/log\", pattern = \"*.log\",",
          "{ path = \"/app/logs\", pattern = \"error*.log\","}},
        {"--enable-tcp --enable-http", {"enabled = true # --enable-http"}},
        {"--tcp-buffer-size 5000 --http-buffer-size 5000",
         {"buffer_size = 5000 # --tcp-buffer-size", "buffer_size = 5000 # --http-buffer-size"}},
        {"--enable-http app.log", {"path = \"app.log\"", "# --enable-http"}},
        {"--enable-http=false --enable-tcp", {"enabled = false # --enable-http"}},
        {"--enable-http=false --enable-http", {"enabled = true # --enable-http"}},
        {"--http-port 1 --http-port 2", {"port = 2 "}},
        {"--host '*'", {"host = \"*\" # --host"}},
        {"--host ::1", {"host = \"::1\""}},
        {"-- --weird", {"path = \"--weird\""}},
        {"./check", {"path = \"./check\""}},
        {"'C\\:/logs:a[:]b'", {}},
        {"'a\\:b:x*:false'", {"{ path = \"a:b\", pattern = \"x*\", is_file = false,"}},
        {"/var/log/syslog::true",
         {"{ path = \"/var/log/syslog\", pattern = \"*.log\", is_file = true,"}},
        {"--state=false --state-directory /srv/state",
         {"enabled = false # --state\n", "directory = \"/srv/state\" # --state-directory"}},
        {"a --router b --cores 2", {"path = \"a\"", "path = \"b\"", "cores = 2"}},
    };
    for (const Good& one : cases) {
        Ran ran = run_binary("check " + one.arguments);
        if (one.shown.empty()) {
            EXPECT_EQ(ran.exit_code, 2) << one.arguments;
            continue;
        }
        EXPECT_EQ(ran.exit_code, 0) << one.arguments << ran.errors;
        for (const std::string& text : one.shown)
            EXPECT_NE(squeezed(ran.output).find(text), std::string::npos) << one.arguments << "\n"
                                                                          << text << "\n"
                                                                          << ran.output;
    }
}

TEST(CommandLine, TheFileIsSearchedInTheOrderOfTheManual) {
    std::string root = shell_output("mktemp -d");
    root.pop_back();
    shell_output("mkdir -p " + root + "/dir " + root + "/xdg " + root + "/home/.config");
    auto put = [&](const std::string& path, int cores) {
        std::ofstream(root + path) << "server.cores = " << cores << "\n";
    };
    put("/named.toml", 1);
    put("/dir/logwisp.toml", 2);
    put("/xdg/logwisp.toml", 3);
    put("/home/.config/logwisp.toml", 4);
    std::string home = "HOME=" + root + "/home ", xdg = "XDG_CONFIG_HOME=" + root + "/xdg ";
    std::string dir = "LOGWISP_CONFIG_DIR=" + root + "/dir ",
                file = "LOGWISP_CONFIG_FILE=" + root + "/named.toml ";
    auto cores = [&](const std::string& variables, const std::string& arguments = "") {
        std::string shown = run_binary("check " + arguments, variables).output;
        return shown.substr(shown.find("cores = ") + 8, 1);
    };
    EXPECT_EQ(cores(home), "4");
    EXPECT_EQ(cores(home + xdg), "3");
    EXPECT_EQ(cores(home + xdg + dir), "2");
    EXPECT_EQ(cores(home + xdg + dir + file), "1");
    EXPECT_EQ(cores(home + xdg + dir + file, "-c " + root + "/home/.config/logwisp.toml"), "4");
    EXPECT_EQ(cores(home + "LOGWISP_CONFIG_DIR=/nonexistent"), "4");
    EXPECT_EQ(cores(home + "XDG_CONFIG_HOME=" + root), "0");
    shell_output("rm -r " + root);
}

TEST(CommandLine, TheStateDirectoryIsFoundInTheRealEnvironment) {
    const auto shown = [](const std::string& variables) {
        std::string all = squeezed(run_binary("check", variables).output);
        std::size_t begin = all.find("\ndirectory = ") + 1;
        return all.substr(begin, all.find('\n', begin) - begin);
    };
    EXPECT_EQ(shown("STATE_DIRECTORY=/a:/b XDG_STATE_HOME=/c"),
              "directory = \"/a\" # default: $STATE_DIRECTORY");
    EXPECT_EQ(shown("XDG_STATE_HOME=/c"), "directory = \"/c/logwisp\" # default: $XDG_STATE_HOME");
    // Who we are is asked of the kernel, whatever a variable says.
    EXPECT_EQ(shown("EUID=77 HOME=/h"),
              ::geteuid() == 0 ? "directory = \"/var/lib/logwisp\" # default: of root"
                               : "directory = \"/h/.local/state/logwisp\" # default: $HOME");
    EXPECT_NE(run_binary("check --json", "STATE_DIRECTORY=/a")
                  .output.find(R"("state.directory":{"value":"/a","from":{"source":"default",)"
                               R"("name":"$STATE_DIRECTORY"}})"),
              std::string::npos);
}

TEST(CommandLine, WhereOurOwnOutputGoesIsNotFollowed) {
    std::string root = shell_output("mktemp -d");
    root.pop_back();
    Ran ran = run_binary(root + " > " + root + "/own.log");
    EXPECT_EQ(ran.exit_code, 78);
    EXPECT_EQ(
        ran.errors,
        "logwisp: stream \"default\" would follow \"" + root +
            "/own.log\", where LogWisp's own output goes: exclude it or write it elsewhere\n");
    int exit_code = 0;
    shell_output(LOGWISP_BINARY " " + root + " 2> " + root + "/own.log", &exit_code);
    EXPECT_EQ(exit_code, 78);
    EXPECT_EQ(run_binary("check " + root + " > " + root + "/own.log").exit_code, 0);
    shell_output("rm -r " + root);
}

TEST(Reload, ReadsTheFileAgainAndKeepsTheOldConfigurationWhenItIsBad) {
    TemporaryFile file("server.cores = 1\n");
    Start start;
    start.line = command_line({"-c", file.path(), "--http-port", "9000"});
    start.environment = {{"LOGWISP_TCPSERVER_PORT", "9001"}};
    Config config;
    std::vector<std::string> errors;
    ASSERT_TRUE(reload(start, config, errors));
    EXPECT_EQ(config.cores, 1U);
    EXPECT_EQ(config.streams.at(0).http.port, 9000);
    EXPECT_EQ(config.streams.at(0).tcp.port, 9001);
    file.write("server.cores = 2\nx = 1\n");
    EXPECT_FALSE(reload(start, config, errors));
    EXPECT_EQ(errors, std::vector<std::string>{file.path() + ":2:1: unknown key \"x\""});
    EXPECT_EQ(config.cores, 1U);
    file.write("server.cores = 2\n");
    EXPECT_TRUE(reload(start, config, errors));
    EXPECT_EQ(config.cores, 2U);
    EXPECT_TRUE(errors.empty());
}

}  // namespace
}  // namespace logwisp::test
