// A chat server by hand on plain Node, for comparison: memory in the process, one planner call with
// tools, the tool where it is asked for, one streamed responder call, the reply as server-sent events.
import http from "node:http";

const model = new URL(process.env.MODEL);
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
const memory = new Map();
const tools = [{ type: "function", function: { name: "lookup", parameters: { type: "object" } } }];

function ask(body, onData) {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const request = http.request(
      { host: model.hostname, port: model.port, path: "/v1/chat/completions", method: "POST", agent,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) } },
      (response) => {
        let whole = "";
        response.setEncoding("utf8");
        response.on("data", (data) => (onData ? onData(data) : (whole += data)));
        response.on("end", () => resolve(whole));
        response.on("error", reject);
      });
    request.on("error", reject);
    request.end(text);
  });
}

async function turn(input, write) {
  const history = memory.get(input.thread) ?? [];
  const messages = [{ role: "system", content: "You are helpful." }, ...history, { role: "user", content: input.text }];
  for (let round = 0; round < 6; ++round) {
    const reply = JSON.parse(await ask({ model: "mock", messages, tools }));
    const message = reply.choices[0].message;
    if (!message.tool_calls) break;
    messages.push(message);
    for (const call of message.tool_calls) messages.push({ role: "tool", tool_call_id: call.id, content: "{}" });
  }
  let rest = "";
  let text = "";
  await ask({ model: "mock", messages, stream: true }, (data) => {
    rest += data;
    const lines = rest.split("\n");
    rest = lines.pop();
    let out = "";
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const content = JSON.parse(line.slice(6)).choices[0]?.delta?.content;
      if (!content) continue;
      text += content;
      out += `data: ${JSON.stringify({ type: "token", text: content })}\n\n`;
    }
    if (out) write(out);
  });
  memory.set(input.thread, [...history, { role: "user", content: input.text }, { role: "assistant", content: text }].slice(-20));
}

http.createServer((request, response) => {
  let body = "";
  request.on("data", (data) => (body += data));
  request.on("end", async () => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    try {
      await turn(JSON.parse(body), (out) => response.write(out));
      response.end('data: {"type":"done"}\n\n');
    } catch (error) {
      response.end(`data: ${JSON.stringify({ type: "error", text: String(error) })}\n\n`);
    }
  });
}).listen(Number(process.env.PORT), "127.0.0.1");
