"""A WHIP publisher and a WHEP player made of GStreamer's webrtcbin: `webrtc.py publish URL TOKEN`, `webrtc.py play URL`.

It says each step on a line of its own. A publisher goes on until it is terminated; a player ends well once it has decoded enough
different pictures and enough sound.
"""
import hashlib
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

PICTURES = 40
SOUND_SECONDS = 1.5
LIMIT_SECONDS = 100  # below the story's own patience, so that what came is told
AGAIN = 75  # EX_TEMPFAIL: libnice gives up two seconds after its first question, and a busy machine may take longer to answer

SOURCE = """
    webrtcbin name=rtc bundle-policy=max-bundle
    videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=30/1 ! videoconvert
      ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=800 key-int-max=300 ! video/x-h264,profile=constrained-baseline
      ! rtph264pay config-interval=-1 aggregate-mode=zero-latency pt=96
      ! application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000 ! rtc.
    audiotestsrc is-live=true wave=sine ! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay pt=97
      ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2 ! rtc.
"""
VIDEO = (
    "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,"
    "packetization-mode=(string)1,profile-level-id=(string)42e01f,rtcp-fb-nack-pli=(boolean)true"
)
AUDIO = "application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2"


class Peer:
    def __init__(self, mode, url, token):
        self.mode, self.url, self.token = mode, url, token
        self.loop = GLib.MainLoop()
        self.code = 0
        self.session = None
        self.pictures = set()
        self.sound = 0.0
        if mode == "publish":
            self.pipeline = Gst.parse_launch(SOURCE)
            self.rtc = self.pipeline.get_by_name("rtc")
        else:
            self.pipeline = Gst.Pipeline.new(None)
            self.rtc = Gst.ElementFactory.make("webrtcbin", "rtc")
            self.rtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
            self.pipeline.add(self.rtc)
            for caps in (VIDEO, AUDIO):
                self.rtc.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps))
            self.rtc.connect("pad-added", self.on_pad)
        self.rtc.connect("on-negotiation-needed", self.on_needed)
        self.rtc.connect("notify::connection-state", self.on_state)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _, message: self.end(1, f"error {message.parse_error()}"))

    def run(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, lambda: self.end(0, "terminated"))
        if self.mode == "play":
            GLib.timeout_add_seconds(LIMIT_SECONDS, lambda: self.end(1, f"only {len(self.pictures)} pictures and {self.sound:.1f} s of sound"))
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        if self.session:
            say(f"deleted {self.ask('DELETE', self.session)[0]}")
        self.pipeline.set_state(Gst.State.NULL)
        return self.code

    def end(self, code, words):
        say(words)
        self.code = code
        self.loop.quit()
        return False

    def on_needed(self, rtc):
        if self.mode == "publish":
            for index in range(2):
                transceiver = rtc.emit("get-transceiver", index)
                transceiver.set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
                transceiver.set_property("do-nack", True)
        rtc.emit("create-offer", None, Gst.Promise.new_with_change_func(self.on_offer))

    def on_offer(self, promise):
        reply = promise.get_reply()  # owns the offer, so it has to stay
        offer = reply.get_value("offer")
        self.rtc.emit("set-local-description", offer, Gst.Promise.new())
        GLib.idle_add(self.exchange, offer.sdp.as_text())

    def exchange(self, offer):
        status, headers, text = self.ask("POST", self.url, offer)
        say(f"answered {status}")
        if status != 201:
            return self.end(1, text)
        self.session = urllib.parse.urljoin(self.url, headers["Location"])
        _, message = GstSdp.SDPMessage.new_from_text(text)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.rtc.emit("set-remote-description", answer, Gst.Promise.new())
        return False

    def ask(self, method, url, body=None):
        request = urllib.request.Request(url, data=body.encode() if body else None, method=method, headers={"Content-Type": "application/sdp"})
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_SECONDS) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, refused.read().decode()

    def on_state(self, rtc, _):
        state = rtc.get_property("connection-state").value_nick
        say(f"connection {state}")
        if state == "failed":
            GLib.idle_add(self.end, AGAIN, "no way to the server")

    def on_pad(self, _, pad):
        kind = pad.get_current_caps().get_structure(0).get_string("media")
        decode = "rtph264depay ! avdec_h264 ! videoconvert ! video/x-raw,format=I420" if kind == "video" else "rtpopusdepay ! opusdec ! audioconvert"
        part = Gst.parse_bin_from_description(f"queue ! {decode} ! fakesink name=sink signal-handoffs=true sync=false", True)
        part.get_by_name("sink").connect("handoff", self.on_picture if kind == "video" else self.on_sound)
        self.pipeline.add(part)
        part.sync_state_with_parent()
        pad.link(part.get_static_pad("sink"))

    def on_picture(self, _, buffer, __):
        _, mapped = buffer.map(Gst.MapFlags.READ)
        self.pictures.add(hashlib.sha1(mapped.data).digest())
        buffer.unmap(mapped)
        self.look()

    def on_sound(self, _, buffer, __):
        self.sound += buffer.duration / Gst.SECOND
        self.look()

    def look(self):
        if len(self.pictures) >= PICTURES and self.sound >= SOUND_SECONDS:
            GLib.idle_add(self.end, 0, f"seen {len(self.pictures)} pictures and heard {self.sound:.1f} s")


def say(words):
    print(words, flush=True)


Gst.init(None)
for _ in range(3):
    code = Peer(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None).run()
    if code != AGAIN:
        break
sys.exit(code)
