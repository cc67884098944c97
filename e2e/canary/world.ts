import { randomBytes } from "node:crypto";
import { z } from "zod";
import { Client, type Answer } from "../client.ts";
import { registerDefinition, type Stack } from "../stack.ts";
import { Plants } from "./plant.ts";

/** Who reads: everybody who can come to an interface, and nobody in particular. */
export const ROLES = ["administrator", "administrator signed in", "owner", "another owner", "signed out"] as const;
export type Role = (typeof ROLES)[number];

/** An account's name and password; an empty name is none. */
export interface Account {
  readonly name: string;
  readonly password: string;
}

/** A running stack with somebody in every role, and everything that anybody was told. */
export class World {
  readonly stack: Stack;
  readonly plants: Plants;
  readonly #clients: Readonly<Record<Role, Client>>;
  readonly accounts: Readonly<Record<Role, Account>>;
  readonly answers: { readonly role: Role; readonly answer: Answer }[] = [];
  readonly streamed = new Map<Role, Uint8Array[]>();
  #streams: Promise<unknown>[] = [];
  #stop = new AbortController();

  private constructor(stack: Stack, plants: Plants, accounts: World["accounts"], clients: (keep: (role: Role) => (answer: Answer) => void) => Record<Role, Client>) {
    this.stack = stack;
    this.plants = plants;
    this.accounts = accounts;
    this.#clients = clients((role) => (answer) => void this.answers.push({ role, answer }));
  }

  /**
   * Makes the accounts, whose passwords are planted too, and begins to read the event streams.
   *
   * @param image the folder of the sample definition's image, of which the talker is made
   */
  static async open(stack: Stack, image: string): Promise<World> {
    const plants = new Plants();
    await registerDefinition(stack, "speaker");
    await registerDefinition(stack, "booter");
    await registerDefinition(stack, "talker", image);
    const before: Answer[] = [];
    const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword, (answer) => void before.push(answer));
    const makeOwner = async (whose: string): Promise<Account> => {
      const account = { name: `owner-${randomBytes(4).toString("hex")}`, password: plants.plantPlain(whose, "secret") };
      await admin.call("POST", "/api/v1/users", z.object({ name: z.string() }), { ...account, role: "owner" });
      return account;
    };
    const administrator = { name: stack.adminUser, password: stack.adminPassword };
    const accounts = {
      administrator,
      "administrator signed in": administrator,
      owner: await makeOwner("the owner's password"),
      "another owner": await makeOwner("the other owner's password"),
      "signed out": { name: "", password: "" },
    };
    const headers = {
      "administrator signed in": await Client.signIn(stack.consoleUrl, administrator.name, administrator.password),
      owner: await Client.signIn(stack.consoleUrl, accounts.owner.name, accounts.owner.password),
      "another owner": await Client.signIn(stack.consoleUrl, accounts["another owner"].name, accounts["another owner"].password),
    };
    const world = new World(stack, plants, accounts, (keep) => ({
      administrator: Client.withPassword(stack.consoleUrl, administrator.name, administrator.password, keep("administrator")),
      "administrator signed in": Client.withCookies(stack.consoleUrl, headers["administrator signed in"], keep("administrator signed in")),
      owner: Client.withCookies(stack.consoleUrl, headers.owner, keep("owner")),
      "another owner": Client.withCookies(stack.consoleUrl, headers["another owner"], keep("another owner")),
      "signed out": Client.signedOut(stack.consoleUrl, keep("signed out")),
    }));
    world.answers.push(...before.map((answer) => ({ role: "administrator" as const, answer })));
    await world.listen();
    return world;
  }

  as(role: Role): Client {
    return this.#clients[role];
  }

  /** Reads the event stream of each role that has one, until `stopListening`. */
  async listen(): Promise<void> {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const listening = ROLES.filter((role) => role !== "signed out");
    const streams = await Promise.all(listening.map((role) => this.as(role).stream("/api/v1/events", signal)));
    this.#streams = streams.map(async (stream, index) => {
      const pieces = this.streamed.get(listening[index] ?? "owner") ?? [];
      this.streamed.set(listening[index] ?? "owner", pieces);
      for await (const piece of stream) pieces.push(piece);
    });
    // A controller that is ended ends its streams with it.
    for (const stream of this.#streams) stream.catch(() => undefined);
  }

  async stopListening(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#streams);
  }
}
