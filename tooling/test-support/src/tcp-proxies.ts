import { connect, createServer, type Socket } from 'node:net';
import { LOOPBACK, listen } from './ports.ts';

/**
 * A TCP proxy that can cut the connection in place of a reply, as a failing network does, reply in place of the server, or
 * swallow what it is sent.
 */
export const startCuttingProxy = async (targetPort: number) => {
  const sockets = new Set<Socket>();
  const pairs = new Set<{ isSwallowing: boolean }>();
  let isSwallowingNew = false;
  let target = targetPort;
  let connections = 0;
  let cutOn: string | undefined;
  let forgery: { readonly to: string; readonly reply: string; replies: number } | undefined;
  const server = createServer((client) => {
    const upstream = connect(target, LOOPBACK);
    let isCutting = false;
    const pair = { isSwallowing: isSwallowingNew };
    pairs.add(pair);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    connections += 1;
    client.on('data', (bytes) => {
      if (pair.isSwallowing) return;
      if (forgery !== undefined && bytes.toString('latin1').includes(forgery.to)) {
        forgery.replies += 1;
        client.write(forgery.reply);
        return;
      }
      if (cutOn !== undefined && bytes.toString('latin1').includes(cutOn)) {
        isCutting = true;
        cutOn = undefined;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (isCutting) client.destroy();
      else if (!pair.isSwallowing) client.write(bytes);
    });
  });
  const port = await listen(server);
  return {
    port,
    /** Cuts the connection in place of the reply to the next bytes that contain this text. */
    cutReplyTo: (text: string) => {
      cutOn = text;
    },
    /** Replies to everything that contains this text; returns how often that was. */
    replyTo: (text: string, reply: string) => {
      const started = { to: text, reply, replies: 0 };
      forgery = started;
      return () => started.replies;
    },
    /**
     * From now on the open connections pass nothing on, and stay open, as after a firewall forgot them. New ones work, unless
     * they are included.
     */
    swallow: ({ alsoNew = false } = {}) => {
      isSwallowingNew = alsoNew;
      for (const pair of pairs) pair.isSwallowing = true;
    },
    /** Where new connections lead from now on. */
    switchTo: (nextPort: number) => {
      target = nextPort;
    },
    /** How many connections were opened so far. */
    countConnections: () => connections,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

/** A TCP proxy that passes on what the server sends after a delay; `cut` loses what is on its way, as a host that dies does. */
export const startLaggingProxy = async (targetPort: number, lagMs: number) => {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(targetPort, LOOPBACK);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => upstream.write(bytes));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (bytes) => setTimeout(() => client.destroyed || client.write(bytes), lagMs));
  });
  const port = await listen(server);
  return {
    port,
    cut: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

/** A TCP proxy whose target changes, as a virtual address does in a failover; open connections are cut. */
export const startSwitchingProxy = async (firstPort: number) => {
  const sockets = new Set<Socket>();
  let target = firstPort;
  const server = createServer((client) => {
    const upstream = connect(target, LOOPBACK);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  const port = await listen(server);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    switchTo: (next: number) => {
      target = next;
      cut();
    },
    close: () => {
      cut();
      server.close();
    },
  };
};
