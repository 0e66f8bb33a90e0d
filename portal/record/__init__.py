"""The public record of decisions."""
