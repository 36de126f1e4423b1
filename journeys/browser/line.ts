/** For browser tests: the line between a browser and the shop, which can be cut. A browser's proxy that hands on bytes, as the door understands whole URLs. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Line {
  /** For a browser's proxy settings. */
  readonly url: string;
  /** Whatever is on its way breaks off, and nothing gets through until it is mended. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function open_line(shop_url: string): Promise<Line> {
  const { hostname, port } = new URL(shop_url);
  const sockets = new Set<Socket>();
  let is_whole = true;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    // Cut lines are what this is for.
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer(near => {
    keep(near);
    if (!is_whole) return void near.destroy();
    const far = connect(Number(port), hostname);
    keep(far);
    near.pipe(far);
    far.pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    is_whole = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    cut,
    mend() {
      is_whole = true;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
