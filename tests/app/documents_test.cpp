// Help, man pages, completions and the sample configuration say what the option table says. Method:
// the parts that follow from the table are made again and compared with the files of the tree;
// LOGWISP_WRITE_DOCUMENTS=1 writes them instead.
#include "documents.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "configuration.hpp"

namespace logwisp::test {
namespace {

std::string in_tree(const std::string& path) { return LOGWISP_SOURCE_DIR "/" + path; }

bool writing() { return std::getenv("LOGWISP_WRITE_DOCUMENTS") != nullptr; }

void expect_document(const std::string& path, const std::string& expected) {
    if (writing()) std::ofstream(in_tree(path), std::ios::binary) << expected;
    EXPECT_EQ(read_text(in_tree(path)), expected) << "run this test with LOGWISP_WRITE_DOCUMENTS=1";
}

TEST(Documents, TheManPageOfTheCommandNamesEveryFlag) {
    std::string page = read_text(in_tree("man/logwisp.1"));
    expect_document("man/logwisp.1",
                    with_blocks(page, [](const std::string&) { return man_flags(); }));
    EXPECT_NE(page.find("flags: begin"), std::string::npos);
    for (const CommandHelp& command : commands()) {
        EXPECT_NE(page.find(fmt::format(".Cm {}\n", command.name)), std::string::npos);
        EXPECT_NE(page.find(fmt::format(".It Nm Cm {}\n", command.name)), std::string::npos);
    }
}

TEST(Documents, TheManPageOfTheFileNamesEveryKey) {
    std::string page = read_text(in_tree("man/logwisp.toml.5"));
    expect_document("man/logwisp.toml.5", with_blocks(page, [](const std::string& name) {
                        return man_keys(name.substr(std::string("keys of ").size()));
                    }));
    auto expect_section = [&](const std::string& section) {
        EXPECT_NE(page.find("keys of " + section + ": begin"), std::string::npos) << section;
    };
    for (const auto& option : service_options()) expect_section(option.section());
    for (const auto& option : stream_options())
        expect_section(option.section().empty() ? "streams" : "streams." + option.section());
}

// Whether the pages that are referred to are installed here says nothing about ours.
TEST(Documents, TheManPagesHaveNoFaults) {
    ASSERT_EQ(shell_output("command -v mandoc >/dev/null && echo found"), "found\n");
    std::size_t pages = 0;
    for (const auto& page : std::filesystem::directory_iterator(in_tree("man"))) {
        ++pages;
        EXPECT_EQ(shell_output(
                      "mandoc -Tlint " + page.path().string() +
                      " 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db'"),
                  "");
    }
    EXPECT_GE(pages, 3U);
}

TEST(Documents, CompletionKnowsEveryFlag) {
    expect_document("packaging/completion/logwisp.bash", bash_completion());
    expect_document("packaging/completion/_logwisp", zsh_completion());
    expect_document("packaging/completion/logwisp.fish", fish_completion());
}

// Completes as bash would, with the words so far.
std::string completed(const std::string& words, int index) {
    return shell_output(fmt::format(
        "bash -c 'source {}; COMP_WORDS=({}); COMP_CWORD={}; _logwisp; echo \"${{COMPREPLY[*]}}\"'",
        in_tree("packaging/completion/logwisp.bash"), words, index));
}

TEST(Documents, BashCompletes) {
    EXPECT_EQ(completed("logwisp --http-p", 1), "--http-port\n");
    EXPECT_EQ(completed("logwisp --backend e", 2), "epoll\n");
    EXPECT_EQ(completed("logwisp --log-level \"\"", 2), "debug info warn error\n");
    EXPECT_EQ(completed("logwisp che", 1), "check\n");
    EXPECT_EQ(completed("logwisp check --js", 2), "--json\n");
    EXPECT_EQ(completed("logwisp exp", 1), "explain\n");
    EXPECT_EQ(completed("logwisp reload --", 2), "--help\n");
    EXPECT_EQ(completed("logwisp tail --no-", 2), "--no-color --no-reconnect\n");
    EXPECT_EQ(completed("logwisp explain --js", 2), "--json\n");
    std::string sample = in_tree("packaging/logwisp.toml");
    EXPECT_EQ(completed("logwisp -c " + sample.substr(0, sample.size() - 3), 2), sample + "\n");
    EXPECT_EQ(completed("logwisp --tcp-port 9", 2), "\n");
}

// `tail` reads its flags by itself.
TEST(Documents, TheFlagsOfTailAreThoseOfTheTable) {
    const std::string help = shell_output(LOGWISP_BINARY " tail --help");
    std::size_t known = 0;
    for (const CommandHelp& command : commands())
        for (const Flag& flag : command.own_flags) {
            ++known;
            EXPECT_NE(help.find(std::string(flag.name)), std::string::npos) << flag.name;
        }
    std::size_t told = 0;
    for (std::size_t at = help.find("  --"); at != std::string::npos;
         at = help.find("  --", at + 1))
        ++told;
    for (std::size_t at = help.find(", --"); at != std::string::npos;
         at = help.find(", --", at + 1))
        ++told;
    EXPECT_EQ(told, known + 1) << "--help besides\n" << help;
}

// As fish itself would, with the line so far.
std::string fish_completed(const std::string& line) {
    return shell_output(
        fmt::format("HOME=/nonexistent fish --no-config -c 'source {}; complete -C \"{}\"' 2>&1 | "
                    "cut -f1 | sort",
                    in_tree("packaging/completion/logwisp.fish"), line));
}

TEST(Documents, FishCompletes) {
    ASSERT_EQ(shell_output("command -v fish >/dev/null && echo found"), "found\n");
    EXPECT_EQ(fish_completed("logwisp --http-p"), "--http-port\n");
    EXPECT_EQ(fish_completed("logwisp --backend e"), "epoll\n");
    EXPECT_EQ(fish_completed("logwisp --log-format "), "json\ntext\n");
    EXPECT_EQ(fish_completed("logwisp expl"), "explain\n");
    EXPECT_EQ(fish_completed("logwisp check --js"), "--json\n");
    EXPECT_EQ(fish_completed("logwisp reload --js"), "");
    EXPECT_EQ(fish_completed("logwisp reload --h"), "--help\n");
    EXPECT_EQ(fish_completed("logwisp tail --no-"), "--no-color\n--no-reconnect\n");
}

// What zsh's own functions are given; they are not loaded, so that nothing but this file is looked at.
std::string zsh_given(const std::string& words, int current) {
    return shell_output(
        fmt::format("zsh -f -c 'compdef() {{ : }}; _arguments() {{ print -rl -- \"$@\" }}; "
                    "_alternative() {{ print -rl -- \"$@\" }}; "
                    "words=({}); CURRENT={}; source {}' 2>&1",
                    words, current, in_tree("packaging/completion/_logwisp")));
}

TEST(Documents, ZshIsGivenEveryFlagAndCommand) {
    ASSERT_EQ(shell_output("command -v zsh >/dev/null && echo found"), "found\n");
    const std::string first = zsh_given("logwisp \"\"", 2);
    for (const Flag& flag : flags())
        EXPECT_NE(first.find(std::string(flag.name)), std::string::npos) << flag.name << "\n"
                                                                         << first;
    for (const CommandHelp& command : commands())
        EXPECT_NE(first.find(fmt::format("{}\\:\"{}\"", command.name, command.help)),
                  std::string::npos)
            << command.name << "\n"
            << first;
    EXPECT_EQ(first.find("--json"), std::string::npos);
    EXPECT_NE(zsh_given("logwisp check \"\"", 3).find("--json"), std::string::npos);
    EXPECT_EQ(zsh_given("logwisp reload \"\"", 3),
              "--help[Print this help and exit]\n*:target:_files\n");
}

TEST(Documents, HelpNamesEveryFlagWithItsHelp) {
    for (Command command : {Command::run, Command::check, Command::doctor, Command::explain}) {
        std::string help = help_text(command);
        for (const Flag& flag : flags()) {
            EXPECT_NE(help.find(std::string(flag.name)), std::string::npos) << flag.name;
            EXPECT_NE(help.find(std::string(flag.help)), std::string::npos) << flag.help;
        }
        std::istringstream lines(help);
        for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110U) << line;
    }
    for (const CommandHelp& command : commands())
        EXPECT_NE(help_text(Command::run).find(fmt::format("logwisp {}", command.name)),
                  std::string::npos)
            << command.name;
    EXPECT_NE(help_text(Command::check).find("\n  --json"), std::string::npos);
    EXPECT_NE(help_text(Command::explain).find("\n  --json"), std::string::npos);
    EXPECT_EQ(help_text(Command::run).find("\n  --json"), std::string::npos);
}

TEST(Documents, EveryFlagOfTheTableOfKeysIsAFlag) {
    auto expect_flag = [](const Option& option) {
        if (option.flag.empty()) return;
        EXPECT_TRUE(std::any_of(flags().begin(), flags().end(), [&](const Flag& flag) {
            return flag.name == option.flag;
        })) << option.key;
        EXPECT_EQ(option_of_flag(option.flag)->expectation(), option.expectation()) << option.key;
    };
    for (const auto& option : service_options()) expect_flag(option);
    for (const auto& option : stream_options()) expect_flag(option);
}

// "#key = value" is a setting, "# words" is an explanation.
std::string uncommented(const std::string& text) {
    std::istringstream lines(text);
    std::string out;
    for (std::string line; std::getline(lines, line);) {
        bool setting =
            line.size() > 1 && line[0] == '#' && (line[1] != ' ' || line.starts_with("#    {"));
        out += (setting ? line.substr(1) : line) + "\n";
    }
    return out;
}

TEST(Documents, TheSampleConfigurationIsTheDefaults) {
    std::string text = read_text(in_tree("packaging/logwisp.toml"));
    Config defaults = load("").config;
    Loaded as_it_is = load(text);
    EXPECT_EQ(texts(as_it_is.problems), std::vector<std::string>{});
    EXPECT_EQ(as_it_is.config, defaults);
    Loaded all = load(uncommented(text));
    EXPECT_EQ(texts(all.problems), std::vector<std::string>{});
    EXPECT_EQ(all.config, defaults);
    for (const auto& option : service_options()) {
        if (option.key == "console.stats_interval_seconds" || option.key == "state.directory")
            continue;
        EXPECT_EQ(all.origins.of(option.key).source, Place::Source::file) << option.key;
    }
    for (const auto& option : stream_options())
        EXPECT_EQ(all.origins.of("streams.0." + option.key).source, Place::Source::file)
            << option.key;
    EXPECT_NE(text.find("# stats_interval_seconds = 30\n"), std::string::npos);
    EXPECT_NE(text.find("# directory = \"/var/lib/logwisp\"\n"), std::string::npos);
}

}  // namespace
}  // namespace logwisp::test
