#include "cli/line_editor.hpp"

#include <histedit.h>

#include <clocale>
#include <iostream>
#include <sys/stat.h>
#include <unistd.h>

namespace perin::cli {

namespace {

constexpr int most_history = 1'000;

const char* prompt_of(EditLine* editor) {
    void* prompt = nullptr;
    el_get(editor, EL_CLIENTDATA, &prompt);
    return static_cast<const std::string*>(prompt)->c_str();
}

}  // namespace

struct line_editor::editing {
    struct end_editor {
        void operator()(EditLine* one) const { el_end(one); }
    };
    struct end_history {
        void operator()(History* one) const { history_end(one); }
    };
    std::unique_ptr<History, end_history> history;
    std::unique_ptr<EditLine, end_editor> editor;
    std::filesystem::path file;
    std::string prompt;
};

line_editor::line_editor(std::filesystem::path history) {
    if (isatty(STDIN_FILENO) == 0) return;
    std::setlocale(LC_CTYPE, "");
    editing_ = std::make_unique<editing>();
    auto& e = *editing_;
    e.file = std::move(history);
    e.history.reset(history_init());
    e.editor.reset(el_init("perin", stdin, stdout, stderr));
    HistEvent event{};
    ::history(e.history.get(), &event, H_SETSIZE, most_history);
    ::history(e.history.get(), &event, H_LOAD, e.file.c_str());
    el_set(e.editor.get(), EL_CLIENTDATA, &e.prompt);
    el_set(e.editor.get(), EL_PROMPT, prompt_of);
    el_set(e.editor.get(), EL_EDITOR, "emacs");
    el_set(e.editor.get(), EL_HIST, ::history, e.history.get());
}

line_editor::~line_editor() {
    if (!editing_) return;
    HistEvent event{};
    auto mask = umask(0077);
    ::history(editing_->history.get(), &event, H_SAVE, editing_->file.c_str());
    umask(mask);
}

std::optional<std::string> line_editor::read(const std::string& prompt) {
    if (!editing_) {
        std::string line;
        if (!std::getline(std::cin, line)) return std::nullopt;
        return line;
    }
    editing_->prompt = prompt;
    int length = 0;
    const char* text = el_gets(editing_->editor.get(), &length);
    if (!text && errno == EINTR) {
        el_reset(editing_->editor.get());
        std::cout << '\n';
        return std::string{};
    }
    if (!text || length <= 0) return std::nullopt;
    HistEvent event{};
    if (length > 1) ::history(editing_->history.get(), &event, H_ENTER, text);
    std::string line(text, static_cast<std::size_t>(length));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    return line;
}

}  // namespace perin::cli
