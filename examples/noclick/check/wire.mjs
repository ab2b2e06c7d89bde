// WebSocket frames by hand: to send what no library sends, not to read, and to be many.
import { once } from 'node:events';
import { connect } from 'node:net';

const TEXT = 0x81;
const UPGRADE = [
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', 'Host: localhost', 'Connection: Upgrade',
  'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '', '',
].join('\r\n');

/** A frame of a client, masked with zeros. */
export function frame(text, opcode = TEXT) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(body.length < 126 ? 2 : body.length < 65_536 ? 4 : 10);
  head[0] = opcode;
  head[1] = 0x80;
  if (body.length < 126) head[1] |= body.length;
  else if (body.length < 65_536) head.writeUInt16BE(body.length, 2), (head[1] |= 126);
  else head.writeBigUInt64BE(BigInt(body.length), 2), (head[1] |= 127);
  return Buffer.concat([head, Buffer.alloc(4), body]);
}

export class RawSocket {
  #heard = '';

  /** Up to the handshake of Engine.IO. */
  static async open(url) {
    const { hostname, port } = new URL(url);
    const raw = new RawSocket();
    raw.socket = connect(Number(port), hostname);
    raw.closed = new Promise((done) => raw.socket.once('close', done));
    raw.socket.on('error', () => {});
    raw.socket.on('data', (bytes) => (raw.#heard = (raw.#heard + bytes.toString('latin1')).slice(-10_000)));
    raw.socket.write(UPGRADE);
    await raw.hears('"pingTimeout"');
    return raw;
  }

  /** Up to the answer to who it is. */
  static async introduced(url, apiKey) {
    const raw = await RawSocket.open(url);
    raw.send(`40${JSON.stringify({ api_key: apiKey })}`);
    await raw.hears('40{"sid"');
    return raw;
  }

  send(text) {
    return this.socket.write(frame(text));
  }

  async hears(text) {
    while (!this.#heard.includes(text)) {
      if (this.socket.destroyed) throw new Error(`closed before ${text}: ${this.#heard}`);
      await Promise.race([once(this.socket, 'data'), this.closed]);
    }
  }
}
