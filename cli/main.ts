/**
 * The `slipway` command: what is done on a controller's host, beside the console and the API.
 *
 *   slipway COMMAND [SUBCOMMAND] [OPTION…]
 *
 * Ends with 0 when it is done, 1 when it failed, 2 when the command line can't be understood;
 * `receipt verify` with 3 when a receipt isn't good.
 */
import { applianceList } from "./appliance-list.ts";
import { applianceRegister } from "./appliance-register.ts";
import { applianceUse } from "./appliance-use.ts";
import type { Command } from "./command.ts";
import { doctor } from "./doctor.ts";
import { importGanetiCommand } from "./import-ganeti.ts";
import { keysAbandon } from "./keys-abandon.ts";
import { keysRotate } from "./keys-rotate.ts";
import { keysStatus } from "./keys-status.ts";
import { osRegister } from "./os-register.ts";
import { receiptKeys } from "./receipt-keys.ts";
import { receiptShow } from "./receipt-show.ts";
import { receiptVerify } from "./receipt-verify.ts";
import { runCommandLine } from "./run-command-line.ts";

/** Every command. A new one is a file of its own and a line here. */
const COMMANDS: readonly Command[] = [doctor, keysStatus, keysRotate, keysAbandon, osRegister, importGanetiCommand, applianceList, applianceRegister, applianceUse, receiptVerify, receiptShow, receiptKeys];

process.umask(0o077);
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read along (`| head`) has seen enough; what the command does is done all the same.
  if (error.code !== "EPIPE") throw error;
});
process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2));
