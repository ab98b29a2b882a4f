// One keep-alive HTTP/1.1 connection with one request in flight: as little as can be done on the driver's
// core, so that the figures are the server's. It reads what the servers here send (Content-Length, chunked,
// 204/304) and reconnects when the server closed an idle connection.
import { connect } from 'node:net';

export function openConnection({ host, port }) {
  let socket = null;
  let pending = null;
  let received = '';

  function dial() {
    const dialled = connect({ host, port, noDelay: true });
    socket = dialled;
    received = '';
    dialled.setEncoding('latin1');
    dialled.on('data', (chunk) => {
      if (socket !== dialled) return;
      received = received === '' ? chunk : received + chunk;
      const response = parseResponse(received);
      if (!response) return;
      received = received.length === response.length ? '' : received.slice(response.length);
      const { resolve } = pending;
      pending = null;
      if (response.close) hangUp();
      resolve(response);
    });
    const failed = (error) => {
      if (socket !== dialled) return;
      socket = null;
      const waiting = pending;
      pending = null;
      waiting?.reject(error ?? new Error('the server closed the connection before it answered'));
    };
    dialled.on('error', failed);
    dialled.on('close', () => failed());
  }

  function hangUp() {
    const closing = socket;
    const waiting = pending;
    socket = null;
    pending = null;
    closing?.destroy();
    waiting?.reject(new Error('the driver hung up'));
  }

  return {
    hangUp,
    send(text) {
      return new Promise((resolve, reject) => {
        if (pending) return reject(new Error('a request is in flight on this connection'));
        if (!socket) dial();
        pending = { resolve, reject };
        socket.write(text, 'latin1');
      });
    },
  };
}

/**
 * The whole response at the start of `text`, or null while it is incomplete. Bodies stay latin1. `names` is the head in lower
 * case, where plain searches find what regular expressions would take five times as long for.
 */
export function parseResponse(text) {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const head = text.slice(0, headEnd + 2);
  const names = head.toLowerCase();
  const status = Number(head.slice(9, 12));
  const bodyStart = headEnd + 4;
  const lengthAt = names.indexOf('\r\ncontent-length:');
  let length = bodyStart;
  let body = '';
  if (lengthAt !== -1) {
    length = bodyStart + Number.parseInt(head.slice(lengthAt + 17, lengthAt + 30), 10);
    if (text.length < length) return null;
    body = text.slice(bodyStart, length);
  } else if (names.includes('\r\ntransfer-encoding: chunked')) {
    const chunked = parseChunks(text, bodyStart);
    if (!chunked) return null;
    ({ length, body } = chunked);
  } else if (status !== 204 && status !== 304) {
    throw new Error(`response ${status} has neither Content-Length nor chunks`);
  }
  return { status, head, names, body, length, close: names.includes('\r\nconnection: close') };
}

function parseChunks(text, start) {
  let body = '';
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (text.length < next) return null;
    if (size === 0) return { body, length: next };
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = next;
  }
}
