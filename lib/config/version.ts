/** Of this program; package.json has the same, which a test holds. */
export const CONTROLLER_VERSION = "0.1.0";
