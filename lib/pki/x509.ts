// The X.509 library needs the first import to have happened before it.
import "reflect-metadata";
export * from "@peculiar/x509";
