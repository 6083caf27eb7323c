use serde_json::{Value, json};

use crate::format::{Blake3, Sha256, timestamp};

/// An SBOM: every named component of a package.
#[derive(Clone, Debug)]
pub struct Bill {
    pub package: Component,
    /// In the order in which they are written; the package depends on all of them.
    pub components: Vec<Component>,
    /// Seconds since 1970; 0 for no timestamp.
    pub timestamp: u64,
}

/// A component of a package.
#[derive(Clone, Debug, Default)]
pub struct Component {
    pub kind: Kind,
    pub name: String,
    pub version: Option<String>,
    /// Package URL (<https://github.com/package-url/purl-spec>).
    pub purl: Option<String>,
    pub license: Option<License>,
    pub description: Option<String>,
    pub sha256: Option<Sha256>,
    /// What it was installed from.
    pub archive: Option<Archive>,
    /// Properties for which CycloneDX has no field.
    pub properties: Vec<(&'static str, String)>,
    /// Its nested components, from the SBOM that it ships (PEP 770).
    pub parts: Vec<Component>,
}

/// The type of a component, as in CycloneDX.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    Application,
    #[default]
    Library,
    Platform,
}

/// The declared licence of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum License {
    /// An SPDX expression.
    Expression(String),
    /// Any other text.
    Name(String),
}

/// A file that a component was installed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    pub file: String,
    pub sha256: Sha256,
}

impl Bill {
    /// Encodes the SBOM as CycloneDX 1.6 (<https://cyclonedx.org/docs/1.6/json/>). Equal SBOMs give
    /// equal bytes: the serial number is derived from the content.
    pub fn to_json(&self) -> Value {
        let package = self.package.to_json("");
        let components: Vec<Value> = self
            .components
            .iter()
            .map(|component| component.to_json(""))
            .collect();
        let references: Vec<&Value> = components
            .iter()
            .map(|component| &component["bom-ref"])
            .collect();
        let leaves = references
            .iter()
            .map(|reference| json!({ "ref": reference }));
        let mut dependencies = vec![json!({ "ref": package["bom-ref"], "dependsOn": references })];
        dependencies.extend(leaves);
        let mut metadata = json!({
            "component": package,
            "tools": { "components": [
                { "type": "application", "name": "flavor", "version": env!("CARGO_PKG_VERSION") },
            ] },
        });
        if self.timestamp > 0 {
            metadata["timestamp"] = timestamp(self.timestamp).into();
        }
        let mut bill = json!({
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": metadata,
            "components": components,
            "dependencies": dependencies,
        });
        bill["serialNumber"] = serial(&bill).into();
        bill
    }
}

/// A custom UUID (version 8, RFC 9562 § 5.8) derived from the digest of the SBOM.
fn serial(bill: &Value) -> String {
    let mut id = [0; 16];
    id.copy_from_slice(&Blake3::of(bill.to_string().as_bytes()).0[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = hex::encode(id);
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

impl Component {
    /// `within` is the reference of the containing component; empty at the top.
    fn to_json(&self, within: &str) -> Value {
        let own = self
            .purl
            .clone()
            .unwrap_or_else(|| format!("{}:{}", self.kind.word(), self.name));
        let reference = if within.is_empty() {
            own
        } else {
            format!("{within}#{own}")
        };
        let mut component =
            json!({ "type": self.kind.word(), "name": self.name, "bom-ref": reference });
        let texts = [
            ("version", &self.version),
            ("purl", &self.purl),
            ("description", &self.description),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                component[key] = text.as_str().into();
            }
        }
        match &self.license {
            Some(License::Expression(expression)) => {
                component["licenses"] = json!([{ "expression": expression }]);
            }
            Some(License::Name(name)) => {
                component["licenses"] = json!([{ "license": { "name": name } }]);
            }
            None => {}
        }
        if let Some(digest) = &self.sha256 {
            component["hashes"] = hashes(digest);
        }
        if let Some(archive) = &self.archive {
            component["externalReferences"] = json!([{ "type": "distribution", "url": archive.file, "hashes": hashes(&archive.sha256) }]);
        }
        if !self.properties.is_empty() {
            component["properties"] = self
                .properties
                .iter()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect();
        }
        if !self.parts.is_empty() {
            let mut parts: Vec<Value> = self
                .parts
                .iter()
                .map(|part| part.to_json(&reference))
                .collect();
            parts.sort_by_key(|part| part["bom-ref"].to_string());
            // Generated SBOMs may list a component twice; references must be unique.
            parts.dedup_by_key(|part| part["bom-ref"].to_string());
            component["components"] = parts.into();
        }
        component
    }
}

fn hashes(sha256: &Sha256) -> Value {
    json!([{ "alg": "SHA-256", "content": sha256.hex() }])
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Library => "library",
            Self::Platform => "platform",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill() -> Bill {
        let part = Component {
            name: "zlib".into(),
            ..Component::default()
        };
        let library = Component {
            name: "click".into(),
            purl: Some("pkg:pypi/click@8".into()),
            parts: vec![part.clone(), part],
            ..Component::default()
        };
        Bill {
            package: Component {
                kind: Kind::Application,
                name: "hello".into(),
                ..Component::default()
            },
            components: vec![library],
            timestamp: 0,
        }
    }

    #[test]
    fn the_serial_number_names_the_content() {
        let (json, mut changed) = (bill().to_json(), bill());
        assert_eq!(json, bill().to_json());
        changed.components[0].version = Some("9".into());
        assert_ne!(json["serialNumber"], changed.to_json()["serialNumber"]);
        assert!(
            json["metadata"]["timestamp"].is_null(),
            "no time unless there is one to tell"
        );
    }

    #[test]
    fn every_reference_is_there_once() {
        let json = bill().to_json();
        let parts = json["components"][0]["components"]
            .as_array()
            .expect("parts");
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0]["bom-ref"], "pkg:pypi/click@8#library:zlib");
        assert_eq!(
            json["dependencies"][0]["dependsOn"][0],
            json["dependencies"][1]["ref"]
        );
    }
}
