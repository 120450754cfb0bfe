// Peer: Probot's own server as its documentation starts it, with a handler that does nothing. Nothing is durable.
//
// Arguments: the file to import Probot from, then `--port N`. The App's identity comes from the environment.
import { pathToFileURL } from "node:url";

const [library, , port] = process.argv.slice(2);
const { Probot, Server } = await import(pathToFileURL(library));

const server = new Server({
  host: "127.0.0.1",
  port: Number(port),
  webhookPath: "/webhooks/github",
  Probot: Probot.defaults({
    appId: process.env.REVWRIGHT_GITHUB_APP_ID,
    privateKey: process.env.REVWRIGHT_GITHUB_PRIVATE_KEY,
    secret: process.env.REVWRIGHT_GITHUB_WEBHOOK_SECRET,
  }),
});
await server.load((app) => {
  app.on("pull_request.opened", async () => {});
});
await server.start();
process.on("SIGTERM", () => process.exit(0));
