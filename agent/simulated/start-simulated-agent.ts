import { pino, type Logger } from "pino";
import type { HostKey } from "#lib/agent-protocol/messages.ts";
import type { AgentBackend } from "../api/backend.ts";
import { startAgentApi } from "../api/server.ts";
import { Journal } from "../journal/journal.ts";
import { type BehaviourOf, behaviourByName } from "./behaviour.ts";
import { SimulatedBackend } from "./simulated-backend.ts";

export interface SimulatedAgentOptions {
  readonly nodeName: string;
  /** PEM texts: the node's certificate and key, and the cluster's CA. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly allowedClients: readonly string[];
  readonly host?: string;
  /** 0, the default: any free one. */
  readonly port?: number;
  /** Where its journal is kept; null, the default: in memory, and gone with it. */
  readonly journalFolder?: string | null;
  /** By the instance's name unless given (behaviourByName). */
  readonly behaviourOf?: BehaviourOf;
  /** Milliseconds of one unit of simulated work; an install has about five for each of its steps. Default 0. */
  readonly workMs?: number;
  readonly log?: Logger;
  /** Whether it says that it can run trusted scripts on its host, and then acts as if it did. Default: it can't. */
  readonly runsHostScripts?: boolean;
}

/** Calls of the protocol that can be left without an answer. */
export type SimulatedCall = Exclude<keyof AgentBackend, "journal">;

export interface SimulatedAgent {
  readonly nodeName: string;
  readonly address: { readonly host: string; readonly port: number };
  /** Stops answering and ends every connection; what is under way goes on unseen. */
  vanish(): Promise<void>;
  /** Answers again, at the same address, with the same journal. */
  comeBack(): Promise<void>;
  /** From here on such calls get no answer, and aren't carried out, until `answerAgain`. */
  neverAnswer(call: SimulatedCall): void;
  answerAgain(): void;
  /** An install that holds in one of its steps goes on (behaviour.ts). */
  goOn(installId: string): void;
  /** The system on an instance's disks: the id of the install that made it. Null: none; `overwritten`: what an install in place has left. */
  systemOf(instanceId: string): string | null;
  /** Whoever is at a running guest's serial console reads this. */
  consoleSays(instanceId: string, text: string): void;
  /** A guest powers itself off. */
  powerOffByItself(instanceId: string): void;
  /** A running guest writes a line to its channel. */
  guestSays(instanceId: string, text: string): void;
  /** A running guest reads its channel: the lines that it was told since it last did. */
  guestReads(instanceId: string): string[];
  guestShowsHostKeys(instanceId: string, keys: readonly HostKey[]): void;
  /** As after a restart of the agent's process: the private values of running guests are gone. */
  forgetGuestData(): void;
  close(): Promise<void>;
}

/**
 * An agent that speaks the real protocol over real mutual TLS, with the real api and journal, and runs nothing (design: house
 * style, "one honest stand-in for scale"). A process can have thousands.
 */
export async function startSimulatedAgent(options: SimulatedAgentOptions): Promise<SimulatedAgent> {
  const { nodeName, tls, allowedClients, host = "127.0.0.1", port = 0, journalFolder = null } = options;
  const log = options.log ?? pino({ level: "silent" });
  const journal = journalFolder === null ? Journal.inMemory() : await Journal.open(journalFolder);
  const backend = new SimulatedBackend({
    nodeName,
    journal,
    behaviourOf: options.behaviourOf ?? behaviourByName,
    workMs: options.workMs ?? 0,
    runsHostScripts: options.runsHostScripts ?? false,
    onVanish: () => void vanish(),
  });
  const unanswered = new Set<SimulatedCall>();
  const behind = sometimesSilent(backend, unanswered);
  let api = await startAgentApi({ host, port, tls, allowedClients, backend: behind, log });
  const { address } = api;
  let isAway = false;

  async function vanish(): Promise<void> {
    if (isAway) return;
    isAway = true;
    await api.close({ atOnce: true });
  }

  return {
    nodeName,
    address,
    vanish,
    comeBack: async () => {
      if (!isAway) return;
      api = await startAgentApi({ ...address, tls, allowedClients, backend: behind, log });
      isAway = false;
    },
    neverAnswer: (call) => {
      unanswered.add(call);
    },
    answerAgain: () => {
      unanswered.clear();
    },
    goOn: (installId) => {
      backend.goOn(installId);
    },
    systemOf: (instanceId) => backend.systemOf(instanceId),
    consoleSays: (instanceId, text) => {
      backend.consoleSays(instanceId, text);
    },
    powerOffByItself: (instanceId) => {
      backend.powerOffByItself(instanceId);
    },
    guestSays: (instanceId, text) => {
      backend.guestSays(instanceId, text);
    },
    guestReads: (instanceId) => backend.guestReads(instanceId),
    guestShowsHostKeys: (instanceId, keys) => {
      backend.guestShowsHostKeys(instanceId, keys);
    },
    forgetGuestData: () => {
      backend.forgetGuestData();
    },
    close: async () => {
      backend.close();
      await journal.flush();
      if (!isAway) await api.close({ atOnce: true });
    },
  };
}

/** The backend, but for calls that get no answer. */
function sometimesSilent(backend: AgentBackend, unanswered: ReadonlySet<string>): AgentBackend {
  return new Proxy(backend, {
    get: (target, name: keyof AgentBackend): unknown => {
      if (unanswered.has(name)) return () => new Promise(() => undefined);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (...args: unknown[]): unknown => Reflect.apply(value, target, args) : value;
    },
  });
}
