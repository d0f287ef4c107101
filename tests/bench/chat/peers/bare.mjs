/** The floor: rooms as sets of sockets on bare `ws`, one frame made for each message and written to all. Keeps nothing, knows nobody. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const load = createRequire(`${process.env.PACKAGES}/`);
const { WebSocketServer, Sender } = load('ws');
const http = createServer((_, response) => response.end('ok'));
const server = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: false });
const rooms = new Map();
const HOW = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: false };
server.on('connection', (socket, request) => {
  const room = new URL(request.url, 'http://x').searchParams.get('room');
  if (!rooms.has(room)) rooms.set(room, new Set());
  const members = rooms.get(room).add(socket);
  socket.on('message', (data) => {
    const text = JSON.stringify(['m', JSON.parse(data)[1]]);
    const frame = Buffer.concat(Sender.frame(Buffer.from(text), HOW));
    for (const member of members) member._socket.write(frame);
  });
  socket.on('close', () => members.delete(socket));
});
http.listen(Number(process.env.PORT), '127.0.0.1', 4_096);
