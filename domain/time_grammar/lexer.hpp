#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace perin::time_grammar {

/// What a piece of text can be in a time phrase.
enum class lexeme : std::uint8_t {
    end,
    /// A word that the grammar does not know, but for a `known`.
    word,
    /// A word that may follow a time: "for", "with", "please"; or a `known`.
    filler,
    /// What is counted but is no time: "percent", "euros".
    measure,
    /// Digits; `value` is -1 where they are too many.
    number,
    /// Digits with st, nd, rd or th.
    ordinal,
    /// One byte of punctuation, as `value`; dashes of all widths are '-'.
    symbol,
    /// 0 is Sunday.
    weekday,
    /// 1 to 12.
    month,
    /// "one" to "twelve", "twenty", "a", "couple".
    count,
    /// "first" to "tenth", "last" is not one.
    ordinal_word,
    /// `value` is a `unit`.
    unit,
    /// `value` is a `part`.
    part,
    today,
    tonight,
    tomorrow,
    yesterday,
    now,
    noon,
    midnight,
    weekend,
    meridiem,
    oclock,
    at,
    around,
    on,
    in,
    of,
    the,
    from,
    to,
    between,
    and_,
    next,
    this_,
    coming,
    last,
    after,
    before,
    ago,
    half,
    quarter,
    past,
};

enum class unit : std::uint8_t { minute, hour, day, week, month, year };

/// `value` of the words and fillers that mean something beside a time; 0 of all others.
enum class known : std::uint8_t { nothing, my, your, utc, for_, about, time, local, meeting };

enum class part : std::uint8_t { morning, afternoon, evening, night, tonight };

struct token {
    lexeme kind = lexeme::end;
    /// No space before it.
    bool glued = false;
    /// A short form that is also a word of its own, such as "sun"; or a month such as "may".
    bool doubtful = false;
    /// How many digits a number was written with, at most 255.
    std::uint8_t digits = 0;
    std::int32_t value = 0;
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
};

/// The pieces of a text; past the last one everything is `lexeme::end`.
class tokens {
  public:
    /// Linear; of more than 1 MiB only the first MiB is read.
    explicit tokens(std::string_view text);

    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
    [[nodiscard]] const token& operator[](std::size_t i) const noexcept {
        return i < all_.size() ? all_[i] : past_;
    }
    [[nodiscard]] bool is(std::size_t i, lexeme kind) const noexcept {
        return (*this)[i].kind == kind;
    }
    [[nodiscard]] bool is_known(std::size_t i, known what) const noexcept {
        return (is(i, lexeme::word) || is(i, lexeme::filler)) &&
               (*this)[i].value == static_cast<int>(what);
    }
    [[nodiscard]] bool is_symbol(std::size_t i, char c) const noexcept {
        return is(i, lexeme::symbol) && (*this)[i].value == c;
    }
    /// A symbol with no space before it.
    [[nodiscard]] bool is_glued(std::size_t i, char c) const noexcept {
        return is_symbol(i, c) && (*this)[i].glued;
    }
    [[nodiscard]] bool is_unit(std::size_t i, unit what) const noexcept {
        return is(i, lexeme::unit) && (*this)[i].value == static_cast<int>(what);
    }

  private:
    std::vector<token> all_;
    token past_;
};

}  // namespace perin::time_grammar
