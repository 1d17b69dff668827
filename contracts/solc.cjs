#!/usr/bin/env node
// Foundry expects a native solc: this gives it the compiler that the npm package `solc` ships as
// WebAssembly. Sources come inline on the standard input; imports that Foundry left out are read
// from disk.
const fs = require('node:fs')
const solc = require('solc')

if (process.argv.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`)
} else {
  process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8'), { import: readImport }))
}

function readImport(path) {
  try {
    return { contents: fs.readFileSync(path, 'utf8') }
  } catch (error) {
    return { error: error.message }
  }
}
