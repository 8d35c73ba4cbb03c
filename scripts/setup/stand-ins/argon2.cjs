'use strict';
/** Stands in for argon2, a native module that code-server loads at its start and uses only with passwords. */
function refuse() {
  throw new Error('This workbench was set up without password hashing; start it with --auth none.');
}
exports.hash = refuse;
exports.verify = refuse;
