// Help, man pages, completions and the sample configuration say what the option table says. Method:
// the parts that follow from the table are made again and compared with the files of the tree;
// LOGWISP_WRITE_DOCUMENTS=1 writes them instead.
#include "documents.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

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
    for (const char* page : {"man/logwisp.1", "man/logwisp.toml.5"})
        EXPECT_EQ(shell_output(
                      "mandoc -Tlint " + in_tree(page) +
                      " 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db'"),
                  "");
}

TEST(Documents, CompletionKnowsEveryFlag) {
    expect_document("packaging/completion/logwisp.bash", bash_completion());
    expect_document("packaging/completion/_logwisp", zsh_completion());
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
    EXPECT_EQ(completed("logwisp explain --js", 2), "--json\n");
    std::string sample = in_tree("packaging/logwisp.toml");
    EXPECT_EQ(completed("logwisp -c " + sample.substr(0, sample.size() - 3), 2), sample + "\n");
    EXPECT_EQ(completed("logwisp --tcp-port 9", 2), "\n");
}

TEST(Documents, HelpNamesEveryFlagWithItsHelp) {
    for (Command command : {Command::run, Command::check, Command::explain}) {
        std::string help = help_text(command);
        for (const Flag& flag : flags()) {
            EXPECT_NE(help.find(std::string(flag.name)), std::string::npos) << flag.name;
            EXPECT_NE(help.find(std::string(flag.help)), std::string::npos) << flag.help;
        }
        std::istringstream lines(help);
        for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110U) << line;
    }
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
