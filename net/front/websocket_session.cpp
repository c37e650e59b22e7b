#include "net/front/websocket_session.hpp"

#include "domain/json.hpp"
#include "domain/text.hpp"
#include "net/front/admission.hpp"
#include "net/front/front_record.hpp"
#include "net/front/guest_chat.hpp"
#include "net/front/notification_json.hpp"
#include "net/front/workflow_order.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/detached.hpp>

#include <limits>

namespace perin::net {

namespace websocket = beast::websocket;
using nlohmann::json;
using namespace runtime;

namespace {

constexpr std::size_t most_message = 1024 * 1024;
/// Octets of a message that an idle connection has room for.
constexpr std::size_t waiting_room = 256;
/// Octets that are handed to the kernel in one go.
constexpr std::size_t send_at_once = 128 * 1024;
/// Octets that a client may still send after it was told to go.
constexpr std::size_t most_discarded = 16 * 1024 * 1024;

/// A `requestId` is given back as it came, whatever its type.
std::string echoed_id(const json& frame) {
    auto found = frame.find("requestId");
    if (found == frame.end()) return "null";
    auto text = found->dump();
    return text.size() <= 300 ? text : "null";
}

failure wrong_field(const char* name, const char* detail) {
    return {error_code::invalid_request, detail, std::string("/") + name};
}

}  // namespace

/// What the session's actor tells, brought to the strand. It outlives the connection harmlessly.
class websocket_session::sink final : public session_sink {
  public:
    sink(std::weak_ptr<websocket_session> to, strand on) : to_(std::move(to)), on_(std::move(on)) {}
    /// Its actor holds it alone: that has ended, as it was told to, or by itself.
    ~sink() override {
        post([](websocket_session& self) { self.session_lost(); });
    }

    void accepted(std::string request_id, chat_accepted what) override {
        post([id = std::move(request_id), what = std::move(what)](websocket_session& self) {
            std::string frame = R"({"type":"accepted","requestId":)" + id + R"(,"conversationId":)";
            append_json_string(frame, what.conversation_id);
            frame.append(R"(,"turnId":)");
            append_json_string(frame, what.turn_id);
            self.send(frame.append(R"(,"seq":)").append(std::to_string(what.seq)).append("}"));
        });
    }
    void done(std::string request_id, std::optional<std::uint64_t> seq) override {
        post([id = std::move(request_id), seq](websocket_session& self) {
            std::string frame = R"({"type":"accepted","requestId":)" + id;
            if (seq) frame.append(R"(,"seq":)").append(std::to_string(*seq));
            self.send(frame.append("}"));
        });
    }
    void failed(std::string request_id, failure why) override {
        post([id = std::move(request_id), why = std::move(why)](websocket_session& self) {
            self.send_error(id, why);
        });
    }
    void events(std::string conversation_id, std::vector<shared_event> what, bool more) override {
        post([id = std::move(conversation_id), what = std::move(what),
              more](websocket_session& self) { self.on_events(id, what, more); });
    }
    void gone(std::string) override {}
    void notified(std::shared_ptr<const std::string> frame) override {
        post([frame = std::move(frame)](websocket_session& self) { self.send(*frame); });
    }

  private:
    template <class Call>
    void post(Call call) {
        asio::defer(on_, [to = to_, call = std::move(call)] {
            if (auto self = to.lock()) call(*self);
        });
    }

    std::weak_ptr<websocket_session> to_;
    strand on_;
};

websocket_session::websocket_session(front& server, socket_stream stream)
    : swept(server.parts()),
      server_(server),
      socket_(std::move(stream)),
      ws_(socket_),
      id_(server.new_id("ses_")) {
    meters().connections[connection_kind::websocket].add();
    expire_never();
}

websocket_session::~websocket_session() {
    meters().connections[connection_kind::websocket].add(-1);
    server_.leave(this);
}

task<bool> websocket_session::open(beast::http::request<beast::http::empty_body> handshake,
                                   std::optional<caller> who) {
    // Pings are ours: one sweep for all instead of timers for each.
    ws_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                   websocket::stream_base::none(), false});
    ws_.set_option(websocket::stream_base::decorator([](websocket::response_type& answer) {
        answer.set("Sec-WebSocket-Protocol", "perin.v1");
    }));
    auto offered = std::string(handshake["Sec-WebSocket-Protocol"]);
    if (offered.find("perin.v1") == std::string::npos)
        ws_.set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
    ws_.read_message_max(most_message);
    ws_.control_callback([this](websocket::frame_type kind, auto) {
        if (kind == websocket::frame_type::pong) unanswered_pings_ = 0;
    });
    auto [ec] = co_await ws_.async_accept(handshake, use_tuple);
    if (ec || closing_) co_return false;
    opened_ = true;
    ws_.text(true);
    socket_.buffer_writes();
    socket_.on_drained([weak = weak_from_this()] {
        if (auto self = weak.lock()) self->pump();
    });
    expire_after(server_.settings().auth_timeout);
    if (who) welcome(std::move(*who), "null");
    pump();
    co_return true;
}

task<void> websocket_session::read_frames() {
    beast::flat_buffer buffer(most_message + 1);
    for (;;) {
        // A connection waits with a small buffer: most of its life nothing comes.
        auto room = buffer.size() == 0 ? waiting_room : std::size_t{64 * 1024};
        auto [ec, size] = co_await ws_.async_read_some(buffer, room, use_tuple);
        if (ec == websocket::error::message_too_big || ec == websocket::error::buffer_overflow) {
            send_error("null", {error_code::too_large, "a message may have 1 MiB at most"});
            close(websocket::close_code::too_big, websocket_end::too_large);
        }
        if (ec == websocket::error::bad_frame_payload)
            close(websocket::close_code::bad_payload, websocket_end::bad_frame);
        if (ec == websocket::error::closed)
            farewell_ = farewell::answered;
        else if (ec == websocket::condition::protocol_violation && farewell_ == farewell::none)
            farewell_ = farewell::unanswered;
        if (ec) co_return;
        unanswered_pings_ = 0;
        if (!ws_.is_message_done()) continue;
        if (ws_.got_binary()) {
            close(websocket::close_code::unknown_data, websocket_end::bad_frame);
            co_return;
        }
        std::string_view text(static_cast<const char*>(buffer.data().data()), buffer.size());
        meters().frames[direction::in].add();
        meters().octets[direction::in].add(text.size());
        if (who_) {
            on_frame(text);
        } else if (!co_await authenticate(text)) {
            co_return;
        }
        buffer.consume(buffer.size());
        if (buffer.capacity() > 2 * waiting_room) buffer.shrink_to_fit();
    }
}

void websocket_session::ended() {
    if (session_) caf::anon_send(session_, session_stop{});
    session_ = nullptr;
    closing_ = true;
    ended_ = true;
    // A close frame may be on its way: the sweep ends what does not end by itself.
    expire_after(std::chrono::seconds{2});
    if (farewell_ != farewell::under_way) let_go();
}

void websocket_session::let_go() {
    if (socket_.unsent() == 0) return leave();
    socket_.on_drained([self = shared_from_this()] {
        self->socket_.on_drained(nullptr);
        self->leave();
    });
}

void websocket_session::leave() {
    if (farewell_ != farewell::unanswered) return socket_.close();
    beast::error_code ignored;
    socket_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    discard(std::make_shared<std::array<char, 16 * 1024>>(), most_discarded);
}

void websocket_session::discard(std::shared_ptr<std::array<char, 16 * 1024>> room,
                                std::size_t most) {
    auto into = asio::buffer(*room);
    socket_.socket().async_read_some(into, [self = shared_from_this(), room = std::move(room),
                                            most](beast::error_code ec, std::size_t size) mutable {
        if (ec || size >= most) return self->socket_.close();
        self->discard(std::move(room), most - size);
    });
}

void websocket_session::session_lost() {
    // Who ended it let go of it first.
    if (!session_) return;
    session_ = nullptr;
    close(websocket::close_code::internal_error, websocket_end::session_lost);
}

// ------------------------------------------------------------------------------------- frames

void websocket_session::on_frame(std::string_view text) {
    auto parsed = parse_json(text);
    if (!parsed) return send_error("null", parsed.error());
    if (!parsed->is_object())
        return send_error("null", {error_code::invalid_request, "a frame must be a JSON object"});
    auto request_id = echoed_id(*parsed);
    auto type = parsed->find("type");
    if (type == parsed->end() || !type->is_string())
        return send_error(request_id, wrong_field("type", "must be a string"));
    on_command(type->get_ref<const std::string&>(), *parsed, request_id);
}

void websocket_session::on_command(std::string_view type, const json& frame,
                                   const std::string& request_id) {
    auto text = [&](const char* name) -> std::optional<std::string> {
        json_reader fields(frame);
        auto value = fields.required_text(name, 1, 200);
        if (!fields.error()) return value;
        send_error(request_id, *fields.error());
        return std::nullopt;
    };
    if (type == "chat.send") return on_send(frame, request_id);
    if (type == "conversation.subscribe") return on_subscribe(frame, request_id);
    if (type == "chat.cancel") {
        if (auto turn = text("turnId")) {
            chat_cancel wanted{who_->owner.account.id, *turn};
            if (who_->guest) cancel_as_guest(*who_->guest, wanted);
            command({session_cancel{request_id, std::move(wanted)}});
        }
    } else if (type == "notification.resolve") {
        on_resolve(frame, request_id);
    } else if (type.starts_with("workflow.")) {
        on_workflow(type, frame, request_id);
    } else if (type == "conversation.unsubscribe") {
        if (auto id = text("conversationId")) command({session_unsubscribe{request_id, *id}});
    } else if (type == "ping") {
        auto t = frame.find("t");
        std::string answer = R"({"type":"pong","requestId":)" + request_id + R"(,"t":)";
        send(answer.append(t == frame.end() ? "null" : t->dump()).append("}"));
    } else if (type == "auth") {
        send_error(request_id, {error_code::conflict, "this connection is authenticated already"});
    } else {
        send_error(request_id, wrong_field("type", "is not a known type"));
    }
}

void websocket_session::on_send(const json& frame, const std::string& request_id) {
    auto verdict = server_.limits().take(limit_class::chat, counted_as(*who_), server_.now());
    if (verdict && !verdict->allowed) return send_error(request_id, too_many_requests(*verdict));
    auto message = read_chat(frame, host_of(*who_), true);
    if (!message) return send_error(request_id, message.error());
    if (who_->guest)
        if (auto spoken = speak_as_guest(*who_->guest, *message); !spoken)
            return send_error(request_id, spoken.error());
    message->origin.request_id = loggable_id(request_id);
    if (server_.draining())
        return send_error(request_id, {error_code::unavailable,
                                       "the server is shutting down",
                                       {},
                                       {},
                                       std::chrono::milliseconds{2'000}});
    command({session_send{request_id, std::move(*message)}});
}

void websocket_session::on_subscribe(const json& frame, const std::string& request_id) {
    json_reader fields(frame);
    auto id = fields.required_text("conversationId", 1, 200);
    constexpr auto most = std::int64_t{1} << 53;
    auto after = fields.optional_integer("afterSeq", 0, most);
    if (fields.error()) return send_error(request_id, *fields.error());
    session_subscribe wanted{
        request_id, {who_->owner.account.id, id}, static_cast<std::uint64_t>(after.value_or(0))};
    if (who_->guest)
        if (auto may = subscribe_as_guest(*who_->guest, wanted); !may)
            return send_error(request_id, may.error());
    command({std::move(wanted)});
}

void websocket_session::on_resolve(const json& frame, const std::string& request_id) {
    if (who_->guest)
        return send_error(request_id, {error_code::forbidden, "only the owner may do this"});
    auto decision = read_decision(frame, "notificationId");
    if (!decision) return send_error(request_id, decision.error());
    decision->user_id = who_->owner.account.id;
    command({session_resolve{request_id, std::move(*decision)}});
}

void websocket_session::on_workflow(std::string_view type, const json& frame,
                                    const std::string& request_id) {
    auto order = read_workflow_command(type, frame);
    if (!order) return send_error(request_id, order.error());
    order->user_id = who_->owner.account.id;
    if (who_->guest)
        if (auto may = order_as_guest(*who_->guest, *order); !may)
            return send_error(request_id, may.error());
    command({session_workflow{request_id, std::move(*order)}});
}

/// Frames that come before the token is found wait in the socket: they are from who it names.
task<bool> websocket_session::authenticate(std::string_view text) {
    auto parsed = parse_json(text);
    auto object = parsed && parsed->is_object();
    auto request_id = object ? echoed_id(*parsed) : "null";
    auto refused = [&](const failure& why) {
        send_error(request_id, why);
        close(websocket::close_code::policy_error, websocket_end::unauthenticated);
        return false;
    };
    if (!object || parsed->value("type", json()) != "auth")
        co_return refused({error_code::unauthenticated, "the first frame must be auth"});
    auto who = co_await find_caller(*parsed);
    if (closing_) co_return false;
    if (!who) co_return refused(who.error());
    welcome(std::move(*who), request_id);
    co_return true;
}

task<result<caller>> websocket_session::find_caller(const json& frame) {
    json_reader fields(frame);
    auto token = fields.optional_text("token", 1, 200);
    auto link = fields.optional_text("delegation", 1, 200);
    if (fields.error() || token.has_value() == link.has_value())
        co_return failure{error_code::unauthenticated, "the token is not valid"};
    caller who;
    if (token) {
        runtime::authenticate asked{std::move(*token)};
        auto owner = co_await server_.ask().ask<token_owner>(server_.parts().accounts, asked);
        if (!owner) co_return owner.error();
        who.owner = std::move(*owner);
        co_return who;
    }
    admit_guest asked;
    asked.secret = std::move(*link);
    auto guest = co_await server_.ask().ask<admitted_guest>(server_.parts().delegations, asked);
    if (!guest) co_return guest.error();
    who.guest = std::move(*guest);
    co_return who;
}

void websocket_session::welcome(caller who, const std::string& request_id) {
    who_ = std::move(who);
    session_ = server_.parts().open_session(std::make_shared<sink>(weak_from_this(), executor()));
    expire_after(server_.settings().ping_every);
    const auto& guest = who_->guest;
    json ready{{"type", "ready"},
               {"requestId", json::parse(request_id)},
               {"sessionId", id_},
               {"user", guest ? json() : user_json(who_->owner.account)},
               {"delegation", guest ? guest_json(*guest) : json()},
               {"node", server_.settings().node},
               {"version", server_.settings().version},
               {"limits", nullptr}};
    if (auto stands = server_.limits().peek(limit_class::chat, counted_as(*who_), server_.now()))
        ready["limits"] = {{"chatPerMinute", stands->limit},
                           {"remaining", stands->remaining},
                           {"maxMessageBytes", most_message}};
    send(ready.dump());
    if (!guest) command({session_listen{who_->owner.account.id}});
}

void websocket_session::command(session_command what) {
    if (session_) caf::anon_send(session_, std::move(what));
}

// ------------------------------------------------------------------------------------ sending

void websocket_session::on_events(const std::string& conversation_id,
                                  const std::vector<shared_event>& events, bool more) {
    auto now = time();
    for (const auto& one : events) outbox_.push(conversation_id, one, now);
    wants_room_ |= more;
    // A full outbox is looked at again when its patience is over.
    if (outbox_.bytes() > outbox::most && !std::exchange(slow_, true))
        expire_after(outbox::patience + std::chrono::seconds{1});
    pump_soon();
}

void websocket_session::send(std::string frame) {
    outbox_.push(std::move(frame), time());
    pump_soon();
}

void websocket_session::send_error(const std::string& request_id, const failure& why) {
    record_frame_error(why, id_, user_id());
    json frame{{"type", "error"},
               {"requestId", json::parse(request_id)},
               {"code", to_string(why.code)},
               {"detail", why.detail},
               {"pointer", why.pointer.empty() ? json() : json(why.pointer)},
               {"retryAfterMs", why.retry_after ? json(why.retry_after->count()) : json()}};
    send(frame.dump(-1, ' ', false, json::error_handler_t::replace));
}

void websocket_session::pump_soon() {
    if (std::exchange(pump_set_, true)) return;
    asio::defer(executor(), [self = shared_from_this()] {
        self->pump_set_ = false;
        self->pump();
    });
}

void websocket_session::pump() {
    if (closing_ || !opened_ || socket_.unsent() != 0) return;
    take_waiting(send_at_once);
    socket_.flush();
    if (outbox_.empty() && std::exchange(wants_room_, false)) command({session_room{}});
}

void websocket_session::take_waiting(std::size_t most) {
    const auto now = time();
    auto take = [this](std::string_view frame) {
        socket_.append(text_frame_head(frame.size()));
        socket_.append(frame);
    };
    std::uint64_t frames = 0;
    const auto before = outbox_.bytes();
    while (socket_.unsent() < most && outbox_.pop(now, take)) ++frames;
    if (frames == 0) return;
    meters().frames[direction::out].add(frames);
    meters().octets[direction::out].add(before - outbox_.bytes());
}

void websocket_session::close(websocket::close_code code, websocket_end why) {
    if (std::exchange(closing_, true)) return;
    // Within the handshake there is nothing to close but the connection.
    if (!opened_) return socket_.close();
    record_closed(why, id_, user_id());
    expire_after(std::chrono::seconds{5});
    farewell_ = farewell::under_way;
    // What was said before goes first; but the library may have said the farewell itself, and
    // nothing goes after that.
    if (ws_.is_open()) take_waiting(std::numeric_limits<std::size_t>::max());
    ws_.async_close(code, [self = shared_from_this()](beast::error_code ec) {
        self->socket_.flush();
        if (self->farewell_ != farewell::under_way) return;
        self->farewell_ = ec ? farewell::unanswered : farewell::answered;
        if (self->ended_) self->let_go();
    });
}

std::string_view websocket_session::user_id() const {
    if (!who_) return {};
    return who_->guest ? who_->guest->at.link.id : who_->owner.account.id;
}

// -------------------------------------------------------------------------------------- sweep

void websocket_session::ping() {
    slow_ = false;
    if (outbox_.overdue(time()))
        return close(websocket::close_code::policy_error, websocket_end::slow_reader);
    if (unanswered_pings_ >= 2) {
        record_closed(websocket_end::no_pong, id_, user_id());
        return socket_.close();
    }
    ++unanswered_pings_;
    expire_after(server_.settings().ping_every);
    if (who_->guest)
        asio::co_spawn(
            executor(), [self = shared_from_this()] { return self->look_at_link(); },
            asio::detached);
    // Empty ping (RFC 6455 section 5.5.2).
    socket_.append(std::string_view("\x89\x00", 2));
    socket_.flush();
}

void websocket_session::overdue() {
    asio::post(executor(), [self = shared_from_this()] {
        if (!self->expired(self->time())) return;
        self->expire_never();
        if (self->closing_) return self->socket_.close();
        if (self->who_) return self->ping();
        self->send_error("null", {error_code::unauthenticated, "no auth frame came in time"});
        self->close(websocket::close_code::policy_error, websocket_end::unauthenticated);
    });
}

void websocket_session::drain() {
    asio::post(executor(), [self = shared_from_this()] {
        if (std::exchange(self->told_drain_, true)) return;
        self->send(R"({"type":"closing","reason":"draining","retryAfterMs":2000})");
    });
}

void websocket_session::stop() {
    asio::post(executor(), [self = shared_from_this()] {
        self->close(websocket::close_code::going_away, websocket_end::shutdown);
    });
}

void websocket_session::revoke(const revocation& what) {
    asio::post(executor(), [self = shared_from_this(), what] {
        if (!self->who_) return;
        const auto& who = *self->who_;
        if (who.guest && !what.delegation_id.empty() && who.guest->at.link.id == what.delegation_id)
            return self->expel({error_code::gone, "the link was revoked"});
        auto ended = (!what.token_id.empty() && who.owner.token.id == what.token_id) ||
                     (!what.user_id.empty() && host_of(who).id == what.user_id);
        if (ended) self->expel({error_code::unauthenticated, "the token is no longer valid"});
    });
}

/// A link ends by its time, and on another node, without a word to this one.
task<void> websocket_session::look_at_link() {
    admit_guest asked;
    asked.user_id = who_->guest->at.link.user_id;
    asked.delegation_id = who_->guest->at.link.id;
    const auto still =
        co_await server_.ask().ask<admitted_guest>(server_.parts().delegations, asked);
    const auto is_over = !still && (still.error().code == error_code::gone ||
                                    still.error().code == error_code::unauthenticated);
    if (is_over) expel({error_code::gone, "the link no longer works"});
}

void websocket_session::expel(const failure& why) {
    if (closing_) return;
    send_error("null", why);
    close(websocket::close_code::policy_error, websocket_end::revoked);
}

}  // namespace perin::net
