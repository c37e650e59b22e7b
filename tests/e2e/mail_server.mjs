/// A mail server that is not ours (`smtp-server`), with what it got, read by another's parser (`mailparser`).
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

/// A mail server on a free port, or on the one given. `refuse` may throw for a recipient.
export async function mailServer({ port = 0, refuse = () => {} } = {}) {
  const got = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (address, _session, done) => {
      try {
        refuse(address.address)
        done()
      } catch (error) {
        done(error)
      }
    },
    onData: (stream, session, done) => {
      const parts = []
      stream.on('data', part => parts.push(part))
      stream.on('end', async () => {
        const source = Buffer.concat(parts)
        got.push({ source: source.toString(), to: session.envelope.rcptTo.map(one => one.address),
          from: session.envelope.mailFrom.address, mail: await simpleParser(source) })
        done()
      })
    },
  })
  server.on('error', () => {})
  await new Promise(done => server.listen(port, '127.0.0.1', done))
  return { got, port: server.server.address().port, close: () => new Promise(done => server.close(done)) }
}
