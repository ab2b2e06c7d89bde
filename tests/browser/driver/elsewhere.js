// A site of somebody else. It stands on the same address as the server, on another port: to a browser
// that is another origin, but the same site, so a SameSite cookie is sent and does not protect.
import { createServer } from 'node:http';

export class Elsewhere {
  static async start(html) {
    const site = new Elsewhere();
    site.listener = createServer((_, answer) => {
      answer.writeHead(200, { 'content-type': 'text/html' });
      answer.end(html);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => site.listener.once('listening', resolve));
    site.url = `http://127.0.0.1:${site.listener.address().port}`;
    return site;
  }

  stop() {
    this.listener.closeAllConnections();
    this.listener.close();
  }
}
