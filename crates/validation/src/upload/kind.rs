//! The kinds of files that are told apart.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $mime:literal, [$($extension:literal),*];)*) => {
        /// What a file is, by its content.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
        #[non_exhaustive]
        pub enum FileKind { $($(#[$doc])* $kind,)* }

        impl FileKind {
            /// Every one, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Returns the name, as configuration and reports write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Returns the media type under which to serve it.
            #[must_use]
            pub const fn mime(self) -> &'static str {
                match self { $(Self::$kind => $mime,)* }
            }

            /// Returns the extensions that its name may have, the usual one first.
            #[must_use]
            pub const fn extensions(self) -> &'static [&'static str] {
                match self { $(Self::$kind => &[$($extension),*],)* }
            }
        }
    };
}

kinds! {
    /// An image in PNG.
    Png = "png", "image/png", ["png", "apng"];
    /// An image in JPEG.
    Jpeg = "jpeg", "image/jpeg", ["jpg", "jpeg", "jpe", "jfif"];
    /// An image in GIF.
    Gif = "gif", "image/gif", ["gif"];
    /// An image in WebP.
    Webp = "webp", "image/webp", ["webp"];
    /// An image in BMP.
    Bmp = "bmp", "image/bmp", ["bmp"];
    /// An icon of Windows.
    Ico = "ico", "image/vnd.microsoft.icon", ["ico"];
    /// An image in TIFF.
    Tiff = "tiff", "image/tiff", ["tif", "tiff"];
    /// An image in AVIF.
    Avif = "avif", "image/avif", ["avif"];
    /// An image in HEIC, as phones take them.
    Heic = "heic", "image/heic", ["heic", "heif"];
    /// A drawing in SVG. It may hold scripts: turn it into PNG, or serve it as a download.
    Svg = "svg", "image/svg+xml", ["svg"];
    /// A document in PDF.
    Pdf = "pdf", "application/pdf", ["pdf"];
    /// Sound in MP3.
    Mp3 = "mp3", "audio/mpeg", ["mp3"];
    /// Sound in WAV.
    Wav = "wav", "audio/wav", ["wav"];
    /// Sound or video in Ogg, such as voice messages.
    Ogg = "ogg", "application/ogg", ["ogg", "oga", "opus", "ogv"];
    /// Sound in FLAC.
    Flac = "flac", "audio/flac", ["flac"];
    /// Sound or video in MP4.
    Mp4 = "mp4", "video/mp4", ["mp4", "m4a", "m4v", "mov"];
    /// Video in Matroska, or in its kin for the web.
    Matroska = "matroska", "video/x-matroska", ["webm", "mkv", "mka"];
    /// Video in AVI.
    Avi = "avi", "video/x-msvideo", ["avi"];
    /// An archive in ZIP.
    Zip = "zip", "application/zip", ["zip"];
    /// A file packed by gzip.
    Gzip = "gzip", "application/gzip", ["gz", "tgz"];
    /// An archive in 7z.
    SevenZip = "seven-zip", "application/x-7z-compressed", ["7z"];
    /// An archive in RAR.
    Rar = "rar", "application/vnd.rar", ["rar"];
    /// An archive in tar.
    Tar = "tar", "application/x-tar", ["tar"];
    /// A file packed by xz.
    Xz = "xz", "application/x-xz", ["xz", "txz"];
    /// A file packed by Zstandard.
    Zstd = "zstd", "application/zstd", ["zst"];
    /// A file packed by bzip2.
    Bzip2 = "bzip2", "application/x-bzip2", ["bz2", "tbz2"];
    /// A document of Word.
    Docx = "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ["docx"];
    /// A sheet of Excel.
    Xlsx = "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ["xlsx"];
    /// Slides of Microsoft's Office.
    Pptx = "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", ["pptx"];
    /// A text, sheet or slides in the open format of office programs.
    OpenDocument = "open-document", "application/vnd.oasis.opendocument.text", ["odt", "ods", "odp"];
    /// A book in EPUB.
    Epub = "epub", "application/epub+zip", ["epub"];
    /// A document of the older Office, which may hold macros.
    Ole = "ole", "application/x-ole-storage", ["doc", "xls", "ppt", "msi", "msg"];
    /// A program in Java's archive.
    Jar = "jar", "application/java-archive", ["jar", "war"];
    /// A program for Android.
    Apk = "apk", "application/vnd.android.package-archive", ["apk"];
    /// A program for Linux.
    Elf = "elf", "application/x-elf", ["elf", "so", "bin"];
    /// A program for Windows.
    Pe = "pe", "application/vnd.microsoft.portable-executable", ["exe", "dll", "scr", "sys", "com"];
    /// A program for macOS, or a class of Java: both begin alike.
    MachO = "mach-o", "application/x-mach-binary", ["dylib", "class"];
    /// A module of Web Assembly.
    Wasm = "wasm", "application/wasm", ["wasm"];
    /// A script: it begins with `#!` or PHP's mark.
    Script = "script", "text/x-script", ["sh", "py", "pl", "rb", "php", "phtml", "js"];
    /// A page, or a piece of one.
    Html = "html", "text/html", ["html", "htm", "xhtml"];
    /// A document in XML. It is served as plain text: browsers run the scripts in one that they take for XML.
    Xml = "xml", "text/plain", ["xml"];
    /// Plain text in UTF-8.
    Text = "text", "text/plain", ["txt", "md", "csv", "tsv", "log", "json", "toml", "yaml", "yml", "ini"];
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FileKind {
    /// Returns whether opening it may run code of its author.
    #[must_use]
    pub const fn is_active(self) -> bool {
        self.is_executable() || matches!(self, Self::Svg | Self::Html)
    }

    /// Returns whether it is a program or a script.
    #[must_use]
    pub const fn is_executable(self) -> bool {
        matches!(
            self,
            Self::Elf | Self::Pe | Self::MachO | Self::Wasm | Self::Script | Self::Jar | Self::Apk
        )
    }

    /// Returns whether it is built on ZIP.
    pub(super) const fn is_zip(self) -> bool {
        matches!(
            self,
            Self::Zip
                | Self::Docx
                | Self::Xlsx
                | Self::Pptx
                | Self::OpenDocument
                | Self::Epub
                | Self::Jar
                | Self::Apk
        )
    }

    /// Returns whether it is packed in a way whose unpacked size no header tells.
    pub(super) const fn is_opaque(self) -> bool {
        matches!(self, Self::SevenZip | Self::Rar | Self::Tar | Self::Xz | Self::Zstd | Self::Bzip2)
    }

    /// Returns whether it is text that a browser or a person reads.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Svg | Self::Script | Self::Html | Self::Xml | Self::Text)
    }
}
