const PASSED_ON = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];

/** What a daemon gets of this process's environment, and what it is told. Everybody's other settings, DATABASE_URL above all, stay out of /proc. */
export function daemonEnvironment(settings: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { NODE_ENV: "production" };
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, NEXT_TELEMETRY_DISABLED: "1", ...settings };
}
