import { type AddressInfo, createServer, type Socket } from 'node:net';
import { atEndOfFile } from './cleanup.ts';

/** Something that listens where a server should, and does to each connection what it likes. Returns its port. */
export async function hostileServer(behave: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEndOfFile(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
