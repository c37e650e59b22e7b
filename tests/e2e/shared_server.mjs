/// A server and its scripted model for all tests of a file.
import { after, before, beforeEach } from 'node:test'
import { Server } from './harness.mjs'
import { ModelServer } from './model_server.mjs'

/// Starts both before the file's first test, forgets the model's script before each, and ends both after the
/// last. `take` is handed `{ model, server }` once they run.
export function sharedServer(take) {
  let model
  let server
  before(async () => {
    model = await ModelServer.start()
    server = await Server.start({ model: model.url, users: ['anna', 'bert'] })
    take({ model, server })
  })
  beforeEach(() => model.reset())
  after(async () => {
    await server?.close()
    await model?.close()
  })
}
