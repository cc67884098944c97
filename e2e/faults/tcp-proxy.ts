import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A way between a controller and an agent that can be cut: then nothing passes, neither ends nor begins. */
export class TcpProxy {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #isCut = false;

  private constructor(target: number) {
    // Half-open, so that an end passes as what it is.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      if (this.#isCut) {
        // Taken and never answered: as a network that swallows what it is given.
        this.#hold(socket);
        return;
      }
      const onward = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
      this.#hold(socket);
      this.#hold(onward);
      socket.pipe(onward).pipe(socket);
    });
  }

  static async listen(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    // It listens on TCP, and its address is one of those.
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) {
      socket.unpipe();
      socket.pause();
    }
  }

  /** New connections pass again; those of before are reset, as after a restart of whatever was between. */
  mend(): void {
    this.#isCut = false;
    for (const socket of this.#open) socket.destroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await once(this.#server, "close");
  }

  #hold(socket: Socket): void {
    this.#open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#open.delete(socket));
  }
}
