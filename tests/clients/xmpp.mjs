// SPDX-License-Identifier: Apache-2.0
// A user of @xmpp/client who meets somebody: the same story, in the same words
// on standard output, as strophe.c.
//
//   node xmpp.mjs HOST PORT[s] JID PASSWORD CA-FILE PEER ROOM
//
// The CA must be in NODE_EXTRA_CA_CERTS too: the library takes no file.
import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

// Debian 12 has Node 18, which keeps this one global back.
globalThis.crypto ??= webcrypto;

const { resolve } = createRequire(path.join(process.env.NODE_HOME, "x.js"));
const { client, xml, jid } = await import(pathToFileURL(resolve("@xmpp/client")));
const [host, port, me, password, , peer, room] = process.argv.slice(2);
const nick = jid(me).local;
const direct = port.endsWith("s");
const seen = new Set();
const say = (what) => process.stdout.write(what + "\n");

const xmpp = client({
  service: `${direct ? "xmpps" : "xmpp"}://${host}:${parseInt(port, 10)}`,
  domain: jid(me).domain,
  username: nick,
  password,
  resource: "js",
});
xmpp.timeout = 20000; // a busy machine is no reason to give up

const bare = (address) => address.bare().toString();

function greet() {
  if (!seen.has("joined") || !seen.has("room-peer") || seen.has("greeted"))
    return;
  seen.add("greeted");
  xmpp.send(xml("message", { type: "groupchat", to: room },
    xml("body", {}, "hola a todos")));
  xmpp.send(xml("message", { type: "chat", to: peer },
    xml("body", {}, "hola")));
}

function onRoomPresence(stanza, from) {
  if (stanza.attrs.type) return;
  const what = from.resource === nick ? "joined" : "room-peer";
  seen.add(what);
  say(what);
  greet();
}

function onPeerPresence(stanza) {
  const { type } = stanza.attrs;
  if (!type) {
    say("sees");
    if (!seen.has("joined"))
      xmpp.send(xml("presence", { to: `${room}/${nick}` },
        xml("x", { xmlns: "http://jabber.org/protocol/muc" })));
  } else if (type === "subscribe") {
    say("asked");
    xmpp.send(xml("presence", { type: "subscribed", to: peer }));
  } else if (type === "subscribed") {
    say("granted");
  }
}

function onMessage(stanza, from) {
  if (!stanza.getChildText("body")) return;
  if (bare(from) === peer && !seen.has("word")) {
    seen.add("word");
    say("word");
  } else if (bare(from) === room && from.resource !== nick &&
      !seen.has("room-word")) {
    seen.add("room-word");
    say("room-word");
  }
  // Gone a moment later: the peer may still be coming in.
  if (seen.has("word") && seen.has("room-word") && !seen.has("leaving")) {
    seen.add("leaving");
    setTimeout(() => xmpp.stop(), 300);
  }
}

xmpp.on("error", (error) => say(`error ${error}`));
xmpp.on("stanza", (stanza) => {
  if (!stanza.attrs.from) return;
  const from = jid(stanza.attrs.from);
  if (stanza.is("presence") && bare(from) === room)
    onRoomPresence(stanza, from);
  else if (stanza.is("presence") && bare(from) === peer)
    onPeerPresence(stanza);
  else if (stanza.is("message"))
    onMessage(stanza, from);
});
xmpp.on("offline", () => {
  say("disconnected");
  process.exit(seen.has("leaving") ? 0 : 1);
});
xmpp.on("online", async () => {
  say(xmpp.isSecure() ? "connected" : "insecure");
  const { iqCaller } = xmpp;
  await iqCaller.get(xml("query", { xmlns: "jabber:iq:roster" }));
  say("roster");
  await xmpp.send(xml("presence"));
  await xmpp.send(xml("presence", { type: "subscribe", to: peer }));
});

xmpp.start().catch((error) => {
  say(`error ${error}`);
  process.exit(1);
});
