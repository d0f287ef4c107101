/** Rooms on Socket.IO, WebSocket transport only; with REDIS_URL on its Redis adapter. Its packages are in the folder PACKAGES. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const load = createRequire(`${process.env.PACKAGES}/`);
const { Server } = load('socket.io');
const http = createServer((_, response) => response.end('ok'));
const io = new Server(http, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });
if (process.env.REDIS_URL) {
  const { createClient } = load('redis');
  const { createAdapter } = load('@socket.io/redis-adapter');
  const publisher = createClient({ url: process.env.REDIS_URL });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  io.adapter(createAdapter(publisher, subscriber));
}
io.on('connection', (socket) => {
  const { room } = socket.handshake.query;
  if (room) socket.join(room);
  socket.on('m', (message) => io.to(room).emit('m', message));
});
http.listen(Number(process.env.PORT), '127.0.0.1', 4_096);
